#include "cpu/cpu_backend.h"

#include "cpu/cpu_pass.h"
#include "cpu/cpu_stack.h"
#include "cpu/forward/cpu_stepper.h"
#include "cpu/forward/gru_forward.h"

namespace cudnn_gru {

Status CpuBackend::Forward(const GruCall& call,
                           const ComputeOptions& options) const {
  return ForwardOnCpu(*weights_, call, options.threads, options.cancellation);
}

Status CpuBackend::ForwardKeepingPass(const GruCall& call,
                                      const ComputeOptions& options,
                                      std::unique_ptr<GruPass>* pass) const {
  std::unique_ptr<CpuPass> kept;
  const Status status = CpuPass::Forward(weights_, call, options.threads,
                                         options.cancellation, &kept);
  *pass = std::move(kept);
  return status;
}

Status CpuBackend::MakeStepper(const GruCall& call,
                               std::unique_ptr<GruStepper>* stepper) const {
  if (NeedsForward(*weights_, call)) {
    return GruBackend::MakeStepper(call, stepper);
  }
  return MakeCpuStepper(*weights_, call, stepper);
}

GruBackend::StackRunnerMaker CpuBackend::stack_runner_maker() const {
  return MakeCpuStackRunner;
}

}  // namespace cudnn_gru
