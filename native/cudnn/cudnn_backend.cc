#include "cudnn/cudnn_backend.h"

#include "cudnn/forward.h"
#include "cudnn/stack/cudnn_stack.h"

namespace cudnn_gru {

Status CudnnBackend::Forward(const GruCall& call,
                             const ComputeOptions& options) const {
  return ForwardOnCudnn(weights_, call, CudnnOptionsOf(options),
                        options.cancellation);
}

Status CudnnBackend::ForwardKeepingPass(const GruCall& call,
                                        const ComputeOptions& options,
                                        std::unique_ptr<GruPass>* pass) const {
  std::unique_ptr<CudnnPass> kept;
  const Status status = ForwardOnCudnn(weights_, call, CudnnOptionsOf(options),
                                       options.cancellation, &kept);
  *pass = std::move(kept);
  return status;
}

GruBackend::StackRunnerMaker CudnnBackend::stack_runner_maker() const {
  return &MakeCudnnStackRunner;
}

}  // namespace cudnn_gru
