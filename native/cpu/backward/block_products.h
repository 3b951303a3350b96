#ifndef CUDNN_GRU_CPU_BACKWARD_BLOCK_PRODUCTS_H_
#define CUDNN_GRU_CPU_BACKWARD_BLOCK_PRODUCTS_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_call.h"
#include "core/workspace.h"
#include "cpu/backward/backward_job.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/forward/work_division.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The arrays that all threads of a backward pass share.
template <typename T>
struct BackwardScratch {
  size_t row_stride;    // panels * lanes
  T* d_state;           // (B, row_stride)
  T* d_reset_state;     // (B, row_stride), reset_after=False
  T* d_dropped_state;   // (B, row_stride), with recurrent dropout
  T* sums;              // (panels, 4, lanes)
  T* dropped_inputs;    // (input_dropout_masks, slots, F), or null
  T* dropped_states;    // (3, slots, row_stride), with recurrent dropout
  T* d_dropped_inputs;  // (slots, F), with input dropout

  // Takes the arrays from `allocator`, which may only be measuring. `slots` is
  // the number of slots of the largest block.
  void Take(const CpuWeights& weights, const GruCall& call, size_t slots,
            BumpAllocator& allocator);
};

// The arrays of one thread: pointers for each active row of a step or for each
// slot of a block, and scratch.
template <typename T>
struct BackwardPointers {
  const T** d_output;
  T** d_state;
  T** d_reset_state;
  T** d_dropped_state;
  const T** reset_dropout;
  const T** values;
  const T** inputs;
  T** d_inputs;
  uint32_t* slot_rows;
  T* packed;  // kOuterRows rows of an outer product's operand

  void Take(const GruDescription& description, size_t rows, size_t slots,
            BumpAllocator& allocator);
};

// Whether the sums of a block start the gradients of the weights, or are added
// to those of the blocks before.
enum class Sums { kStart, kContinue };

// One of the threads that share the products of a block.
struct ThreadPlace {
  size_t index;
  size_t count;
};

// Uses the gradients of the pre-activations of one block of steps to compute
// the block's part of the gradients of the weights, and the gradients of its
// inputs. Each thread computes elements of its own. The number of threads
// decides which elements, but it does not change the order in which an element
// is summed.
template <typename T>
class BlockProducts {
 public:
  BlockProducts(const BackwardJob<T>& job, const SavedSteps::Block& block,
                const ThreadPlace& thread, const BackwardScratch<T>& scratch,
                const BackwardPointers<T>& pointers);

  // Whether threads need data that others prepare, so that all must have
  // finished Prepare before any calls Run.
  bool shares_operands() const;
  void Prepare();
  void Run(Sums sums);
  // Writes the gradient of the biases. Call it after Run of the last block.
  void WriteBias() const;

 private:
  void DropInputs();
  void DropStates();
  OuterProductArguments<T> Outer(Sums sums) const;
  void KernelGradient(Sums sums);
  void RecurrentGradient(Sums sums);
  void InputGradient();
  void DropInputGradient(RecordProductArguments<T>& product);
  void ClearMaskedInputs();
  const T* InputDropout(size_t mask, size_t slot) const;
  size_t InputStep(size_t step) const;

  const CpuWeights& weights_;
  const GruDescription& description_;
  const Kernels<T>& kernels_;
  const LayerKernels<T>& layer_kernels_;
  const GruCall& call_;
  const SavedSteps& saved_;
  const GruGradients& gradients_;
  const SavedSteps::Block& block_;
  const ThreadPlace thread_;
  const BackwardScratch<T>& scratch_;
  const BackwardPointers<T>& pointers_;
  const size_t units_;
  const size_t features_;
  const size_t lanes_;
  const Range panels_;  // this thread's columns of the gradients of the weights
  const Range slots_;   // this thread's rows of the gradients of the inputs
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_BLOCK_PRODUCTS_H_
