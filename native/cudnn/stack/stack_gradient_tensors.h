#ifndef CUDNN_GRU_CUDNN_STACK_STACK_GRADIENT_TENSORS_H_
#define CUDNN_GRU_CUDNN_STACK_STACK_GRADIENT_TENSORS_H_

#include <cstddef>
#include <memory>

#include "core/gru_stack.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cudnn/sequence_gradients.h"
#include "cudnn/stack/stack_calls.h"

namespace cudnn_gru {

// The gradients of a stack's call.
class StackGradientTensors : public SequenceGradientTensors {
 public:
  // Uses only the sizes and flags of `call`. `outputs` are the outputs of both
  // halves of the last layer in the order of the merged output, for Merge::kMul
  // alone. All arguments but this array must outlive this object.
  StackGradientTensors(const RnnShape& shape, const StackCall& call,
                       const Chunking& chunking,
                       const StackGradients& gradients,
                       const void* const outputs[2]);

  // Computes the gradients of the last layer's outputs before their merge, if
  // that changes them. Comes first.
  Status SplitOutputs(int threads);

  void PackStateGradients(size_t begin, size_t end, char* dhy) const override;
  std::vector<HostRange> Results() const override;
  void UnpackInitialStateGradients(size_t begin, size_t end,
                                   const char* dhx) const override;
  void UnpackWeightGradients(const WeightLayout& layout, const char* space,
                             int threads) const override;
  void ZeroWeightGradients() const override;

 private:
  Status Allocate(size_t count);
  template <typename T>
  void SplitLastOutputs();
  template <typename T>
  void JoinRows(size_t begin, size_t end) const;
  KerasGradients WeightGradients(size_t i) const;

  const RnnShape& shape_;
  const StackCall& call_;
  const StackGradients& gradients_;
  const void* const outputs_[2];
  const StackCalls calls_;
  // Without return_sequences, the gradients of the last outputs (B, U) of both
  // halves. Null when they are zero.
  const void* d_last_[2] = {nullptr, nullptr};
  std::unique_ptr<const Workspace> memory_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_STACK_GRADIENT_TENSORS_H_
