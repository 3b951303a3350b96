#ifndef CUDNN_GRU_CPU_CPU_BACKEND_H_
#define CUDNN_GRU_CPU_CPU_BACKEND_H_

#include <memory>
#include <utility>

#include "core/gru_backend.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// Computes on the CPU, with the kernels that the weights were packed for.
class CpuBackend : public GruBackend {
 public:
  explicit CpuBackend(std::shared_ptr<const CpuWeights> weights)
      : weights_(std::move(weights)) {}

  const char* name() const override { return "cpu"; }
  const GruDescription& description() const override {
    return weights_->description();
  }
  size_t bytes() const override { return weights_->bytes(); }
  Status Forward(const GruCall& call,
                 const ComputeOptions& options) const override;
  Status ForwardKeepingPass(const GruCall& call, const ComputeOptions& options,
                            std::unique_ptr<GruPass>* pass) const override;
  Status MakeStepper(const GruCall& call,
                     std::unique_ptr<GruStepper>* stepper) const override;
  StackRunnerMaker stack_runner_maker() const override;

  const std::shared_ptr<const CpuWeights>& weights() const { return weights_; }

 private:
  const std::shared_ptr<const CpuWeights> weights_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_CPU_BACKEND_H_
