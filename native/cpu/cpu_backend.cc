#include "cpu/cpu_backend.h"

#include "cpu/forward/gru_forward.h"
#include "cpu/gru_tape.h"

namespace cudnn_gru {

Status CpuBackend::Forward(const GruCall& call,
                           const ComputeOptions& options) const {
  return ForwardOnCpu(*weights_, call, options.threads, options.cancellation);
}

Status CpuBackend::ForwardKeepingPass(const GruCall& call,
                                      const ComputeOptions& options,
                                      std::unique_ptr<GruTape>* pass) const {
  std::unique_ptr<CpuTape> kept;
  const Status status = CpuTape::Forward(weights_, call, options.threads,
                                         options.cancellation, &kept);
  *pass = std::move(kept);
  return status;
}

}  // namespace cudnn_gru
