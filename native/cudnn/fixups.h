#ifndef CUDNN_GRU_CUDNN_FIXUPS_H_
#define CUDNN_GRU_CUDNN_FIXUPS_H_

#include <cstddef>

#include "core/gru_problem.h"
#include "cudnn/element.h"
#include "cudnn/schedule.h"

namespace cudnn_gru {

// Between a call as Keras's loop sees it and the tensors that cuDNN computes
// with, on the host, where both lie anyway. Masked steps, empty rows and
// go_backwards exist on this side only: cuDNN sees rows of valid steps, each in
// the order in which they are computed, and padding.
class Fixups {
 public:
  // Of `call` only sizes, flags and no pointers are used. All three outlive
  // this.
  Fixups(const GruDescription& description, const GruCall& call,
         const Schedule& schedule)
      : call_(call),
        schedule_(schedule),
        element_(description),
        inputs_(description, call.inputs_are_bits),
        output_(description, call.output_is_bits),
        features_(description.features),
        units_(description.units) {}

  // Forward. Staged tensors are laid out as Schedule says; `x` begins with the
  // chunk's cells.
  void PackInputs(const Chunk& chunk, size_t row_begin, size_t row_end,
                  const void* inputs, void* x) const;
  // States of the first chunk's rows, (rows, U).
  void PackInitialState(const void* initial_state, void* hx) const;
  // `y` has every cell with return_sequences, and is not read without; `hy` the
  // states after each chunk.
  void UnpackOutput(const void* y, const void* hy, void* output) const;
  // `initial_state` may be null (zeros), or `state` itself.
  void UnpackState(const void* hy, const void* initial_state,
                   void* state) const;

  // Backward. The gradient of each cell of y; `output_gradient` is (B, T, U):
  // without return_sequences there is nothing to pack, and dy is zero.
  void PackOutputGradient(const void* output_gradient, void* dy) const;
  // The gradient of each chunk's hy but for what later chunks give; both may be
  // null. Without return_sequences the gradient of the output counts here.
  void PackStateGradient(const void* output_gradient,
                         const void* state_gradient, void* dhy) const;
  void UnpackInputGradient(const void* dx, void* gradient) const;
  // `dhx` is of the first chunk's rows; empty rows pass `state_gradient` (or,
  // null, zero) on.
  void UnpackInitialStateGradient(const void* dhx, const void* state_gradient,
                                  void* gradient) const;

 private:
  size_t Length(size_t row) const {
    return static_cast<size_t>(schedule_.lengths[row]);
  }
  // The time step of the inputs that a row's step reads.
  size_t InputStep(size_t row, size_t step) const {
    return call_.go_backwards ? Length(row) - 1 - step : step;
  }
  // The step of the outputs at which a row's step is written.
  size_t OutputStep(size_t row, size_t step) const {
    return call_.go_backwards ? schedule_.timesteps - Length(row) + step : step;
  }
  // Whether the call's last output of the row is its last state.
  bool LastOutputIsState(size_t row) const;
  // The last state of each row that has a step, to memory of such elements.
  void UnpackLastStates(const Element& element, const void* hy, void* to) const;
  void FillMaskedOutputs(size_t row, void* output) const;
  template <typename T>
  void AddRepeatedGradients(const T* output_gradient, void* dy) const;
  template <typename T>
  void AddStateGradients(const T* output_gradient, const T* state_gradient,
                         void* dhy) const;

  const GruCall& call_;
  const Schedule& schedule_;
  const Element element_;  // of all tensors but the call's inputs and output
  const Element inputs_;
  const Element output_;
  const size_t features_;
  const size_t units_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FIXUPS_H_
