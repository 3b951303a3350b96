#ifndef CUDNN_GRU_CUDNN_STACK_STACK_PASS_H_
#define CUDNN_GRU_CUDNN_STACK_STACK_PASS_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "core/gru_stack.h"
#include "core/gru_stack_pass.h"
#include "core/workspace.h"
#include "cudnn/cudnn_pass.h"

namespace cudnn_gru {

// Everything that a stack's call in one cuDNN call kept, on the device. The
// passes of the single GRUs, which layers() returns, only say their
// descriptions and calls.
class CudnnStackPass : public GruStackPass {
 public:
  // `call` is the forward call, of which only sizes and flags are kept.
  CudnnStackPass(Device& owner, std::shared_ptr<CudnnWeights> weights,
                 const StackCall& call);

  // Keeps the outputs of the last layer's halves, as StackForwardTensors hands
  // them over.
  void KeepHalves(std::unique_ptr<const Workspace> halves) {
    halves_ = std::move(halves);
  }

  size_t bytes() const override;
  bool spent() const override { return kept.used; }
  // A failed call writes nothing. The number of threads does not change the
  // gradients.
  Status Backward(const StackGradients& gradients, int threads,
                  const Cancellation* cancellation) override;

  KeptForward kept;

 private:
  const StackCall call_;  // without pointers
  std::unique_ptr<const Workspace> halves_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_STACK_PASS_H_
