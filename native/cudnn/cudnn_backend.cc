#include "cudnn/cudnn_backend.h"

#include "cudnn/forward.h"

namespace cudnn_gru {
namespace {

CudnnOptions ToCudnn(const ComputeOptions& options) {
  CudnnOptions cudnn;
  cudnn.tf32 = options.tf32;
  cudnn.threads = options.threads;
  return cudnn;
}

}  // namespace

Status CudnnBackend::Forward(const GruCall& call,
                             const ComputeOptions& options) const {
  return ForwardOnCudnn(weights_, call, ToCudnn(options), options.cancellation);
}

Status CudnnBackend::ForwardKeepingPass(const GruCall& call,
                                        const ComputeOptions& options,
                                        std::unique_ptr<GruPass>* pass) const {
  std::unique_ptr<CudnnPass> kept;
  const Status status = ForwardOnCudnn(weights_, call, ToCudnn(options),
                                       options.cancellation, &kept);
  *pass = std::move(kept);
  return status;
}

}  // namespace cudnn_gru
