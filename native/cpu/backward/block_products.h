#ifndef CUDNN_GRU_CPU_BACKWARD_BLOCK_PRODUCTS_H_
#define CUDNN_GRU_CPU_BACKWARD_BLOCK_PRODUCTS_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_problem.h"
#include "core/workspace.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// Arrays that all threads of a backward pass work in.
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

  // Takes the arrays; `slots` is the largest block's. The allocator may be only
  // measuring.
  void Take(const CpuWeights& weights, const GruCall& call, size_t slots,
            BumpAllocator& allocator);
};

// Arrays of one thread: pointers by active row of a step, or by slot of a
// block, and scratch.
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
  T* packed;  // of kOuterRows rows of an outer product's operand

  void Take(const GruDescription& description, size_t rows, size_t slots,
            BumpAllocator& allocator);
};

// What follows from the gradients of the pre-activations of one block of steps:
// its part of the gradients of the weights, and the gradients of its inputs.
// Each of `count` threads computes its own elements; which they are depends on
// `count`, how they are summed does not.
template <typename T>
class BlockProducts {
 public:
  BlockProducts(const CpuWeights& weights, const Kernels<T>& kernels,
                const GruCall& call, const SavedSteps& saved,
                const GruGradients& gradients, const SavedSteps::Block& block,
                size_t index, size_t count, const BackwardScratch<T>& scratch,
                const BackwardPointers<T>& pointers);

  // Whether threads need what others prepare, and so must meet before Run.
  bool shares_operands() const;
  void Prepare();
  // Adds to the weights' gradients, or begins them; with `last`, the biases'
  // are complete and written.
  void Run(bool add, bool last);

 private:
  void DropInputs();
  void DropStates();
  OuterProductArguments<T> Outer(bool add) const;
  void KernelGradient(bool add);
  void RecurrentGradient(bool add);
  void InputGradient();
  void DropInputGradient(CellProductArguments<T>& product);
  void ClearMaskedInputs();
  void WriteBias() const;
  const T* InputDropout(size_t mask, size_t slot) const;
  size_t InputStep(size_t step) const;

  const CpuWeights& weights_;
  const GruDescription& description_;
  const Kernels<T>& kernels_;
  const GruCall& call_;
  const SavedSteps& saved_;
  const GruGradients& gradients_;
  const SavedSteps::Block& block_;
  const size_t index_;
  const size_t count_;
  const BackwardScratch<T>& scratch_;
  const BackwardPointers<T>& pointers_;
  const size_t units_;
  const size_t features_;
  const size_t lanes_;
  const size_t panel_begin_;  // columns of the weights' gradients
  const size_t panel_end_;
  const size_t slot_begin_;  // rows of the inputs' gradients
  const size_t slot_end_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_BLOCK_PRODUCTS_H_
