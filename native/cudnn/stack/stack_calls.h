#ifndef CUDNN_GRU_CUDNN_STACK_STACK_CALLS_H_
#define CUDNN_GRU_CUDNN_STACK_STACK_CALLS_H_

#include <cstddef>
#include <vector>

#include "core/gru_stack.h"
#include "core/merge.h"
#include "cudnn/chunking.h"
#include "cudnn/rnn_shape.h"
#include "cudnn/tensor_packing.h"

namespace cudnn_gru {

// The call of each GRU of a stack that is computed in one cuDNN call, and how
// its states lie in cuDNN's tensors. The index is the pseudo-layer
// (rnn_shape.h).
class StackCalls {
 public:
  // Does not use the backends of `call`. `chunking` must outlive this object.
  StackCalls(const RnnShape& shape, const StackCall& call,
             const Chunking& chunking);
  StackCalls(const StackCalls&) = delete;
  StackCalls& operator=(const StackCalls&) = delete;

  size_t size() const { return calls_.size(); }
  const GruCall& call(size_t i) const { return calls_[i]; }
  // Converts the states of one GRU, and what it returns of them.
  const TensorPacking& packing(size_t i) const { return packings_[i]; }
  // Returns the index of a half of the last layer.
  size_t LastLayer(size_t half) const { return size() - directions_ + half; }

  // Returns where the states of one GRU begin in a tensor of all states. Null
  // stays null.
  template <typename Char>
  Char* StatesOf(size_t i, Char* states) const {
    return states == nullptr ? nullptr : states + i * state_bytes_;
  }

 private:
  const size_t directions_;
  const size_t state_bytes_;  // of all rows of one GRU
  std::vector<GruCall> calls_;
  std::vector<TensorPacking> packings_;
};

// Returns the sizes and flags of the call, without tensors and backends.
StackCall WithoutPointers(const StackCall& call);

// Returns the sizes of the last layer's merge.
MergeShape MergeShapeOf(const RnnShape& shape, const StackCall& call);

// Returns the number of elements of the output of one half of the last layer.
size_t HalfOutputSize(const RnnShape& shape, const StackCall& call);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_STACK_CALLS_H_
