#ifndef CUDNN_GRU_CPU_CPU_PASS_H_
#define CUDNN_GRU_CPU_CPU_PASS_H_

#include <cstddef>
#include <memory>

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/gru_pass.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cpu/backward/gru_backward.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/reference/gru_reference.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// A forward call on the CPU that has kept the data its gradients need: copies
// of the call's tensors, the steps, and the weights, which are shared. The
// kernels of the weights' instruction set compute forward and backward.
class CpuPass : public GruPass {
 public:
  // Computes `call` like ForwardOnCpu and fails with the same errors.
  // `cancellation` may be null.
  static Status Forward(std::shared_ptr<const CpuWeights> weights,
                        const GruCall& call, int threads,
                        const Cancellation* cancellation,
                        std::unique_ptr<CpuPass>* pass);

  // Whether a pass copies the inputs of its call, or reads the caller's, which
  // must then have the layer's dtype and live as long as the pass.
  enum class Inputs { kCopied, kShared };

  // Makes the pass of `call` in the two halves of Forward, for somebody who
  // computes the call in between, into `saved`. Not for the reference.
  static Status Prepare(std::shared_ptr<const CpuWeights> weights,
                        const GruCall& call, Inputs inputs, int threads,
                        std::unique_ptr<CpuPass>* pass);
  const SavedSteps* saved() const { return saved_.get(); }
  void Seal();

  // Returns how many of `threads` threads Backward would use.
  int BackwardThreads(int threads) const {
    return cudnn_gru::BackwardThreads(*weights_, call_, threads);
  }

  const GruDescription& description() const override {
    return weights_->description();
  }
  const GruCall& call() const override { return call_; }
  size_t bytes() const override;
  bool spent() const override { return spent_; }
  Status Backward(const GruGradients& gradients, int threads,
                  const Cancellation* cancellation) override;

 private:
  CpuPass(std::shared_ptr<const CpuWeights> weights, const GruCall& call)
      : weights_(std::move(weights)), call_(call) {}

  bool IsReference() const { return weights_->isa().kernels == nullptr; }
  Status Keep(const GruCall& call, Inputs inputs, int threads);
  Status Compute(int threads, const Cancellation* cancellation);
  template <typename T>
  void Place(const GruCall& call, Inputs inputs, int threads,
             BumpAllocator& allocator);

  const std::shared_ptr<const CpuWeights> weights_;
  GruCall call_;  // its pointers lead to the pass's own copies
  std::unique_ptr<const Workspace> buffer_;
  std::unique_ptr<SavedSteps> saved_;  // for vector kernels
  ReferenceSteps steps_;               // for the reference
  bool spent_ = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_CPU_PASS_H_
