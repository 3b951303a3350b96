#ifndef CUDNN_GRU_CUDNN_STACK_STACK_FORWARD_TENSORS_H_
#define CUDNN_GRU_CUDNN_STACK_STACK_FORWARD_TENSORS_H_

#include <cstddef>
#include <memory>

#include "core/gru_stack.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cudnn/call_tensors.h"
#include "cudnn/element_format.h"
#include "cudnn/stack/stack_calls.h"

namespace cudnn_gru {

// The tensors of a stack's call. cuDNN's output is that of the last layer, with
// both directions side by side at each step, as Keras's concat merges them.
// Every other merge, and Keras's masked steps, are made here.
class StackForwardTensors : public ForwardTensors {
 public:
  // All arguments must outlive this object.
  StackForwardTensors(const RnnShape& shape, const StackCall& call,
                      const Chunking& chunking);

  // Whether the memory for the two halves' outputs belongs to the call or to a
  // pass.
  enum class Halves { kScratch, kKept };
  // Allocates memory for the two halves' outputs, if the merge needs them.
  // Comes first.
  Status Allocate(Halves halves);
  // Hands over that memory. The halves' outputs are in it one after the other,
  // in the order of the merged output.
  std::unique_ptr<const Workspace> TakeHalves() { return std::move(memory_); }

  bool has_initial_states() const override;
  bool returns_sequences() const override { return last_.return_sequences; }
  void PackInitialStates(size_t begin, size_t end, char* hx) const override;
  void PackInputs(const Chunk& chunk, size_t begin, size_t end,
                  char* x) const override;
  std::vector<HostRange> Results() const override;
  void UnpackOutput(const Chunk& chunk, size_t begin, size_t end,
                    const char* y) const override;
  void FinishOutput(size_t begin, size_t end, const char* hy) const override;
  void UnpackStates(size_t begin, size_t end, const char* hy) const override;

 private:
  // Whether the output is made of the outputs of both halves.
  bool Merges() const {
    return IsArithmetic(last_.merge) ||
           (last_.merge == Merge::kConcat && !last_.return_sequences);
  }
  // Whether cuDNN's output has the form of the call's.
  bool HasForm() const {
    return last_.merge == Merge::kNone || last_.merge == Merge::kConcat;
  }
  // Returns the array for the output of one half.
  void* HalfOutput(size_t half) const;
  void MergeRow(size_t row) const;

  const RnnShape& shape_;
  const StackCall& call_;
  const StackLayer& last_;
  const Chunking& chunking_;
  const StackCalls calls_;
  // The call as if it were one of a single GRU, with the inputs of the first
  // layer and the output of the last one.
  const GruCall joined_call_;
  const TensorPacking joined_;
  // The masked steps of each half's output, in the order of the merged output.
  const GruCall masked_calls_[2];
  const TensorPacking masked_[2];
  const ElementFormat half_format_;
  std::unique_ptr<const Workspace> memory_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_STACK_FORWARD_TENSORS_H_
