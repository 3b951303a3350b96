#ifndef CUDNN_GRU_CUDNN_FIXUPS_H_
#define CUDNN_GRU_CUDNN_FIXUPS_H_

#include <cstddef>

#include "core/gru_call.h"
#include "cudnn/element.h"
#include "cudnn/schedule.h"

namespace cudnn_gru {

// Between a call as Keras's loop sees it and the tensors that cuDNN computes
// with, on the host, where both lie anyway. Masked steps, empty rows and
// go_backwards exist on this side only: cuDNN sees rows of valid steps, each in
// the order in which they are computed, and padding.
//
// Each function does a part of its work, so that threads can share it and
// copies to and from the device can go on meanwhile: a range of a chunk's
// lines, whose number is LinesOf, or a range of Schedule::order.
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

  // The outer dimension of a chunk's tensors, and the cells of a line.
  static size_t LinesOf(const Chunk& chunk) {
    return chunk.algorithm.time_major ? chunk.timesteps : chunk.rows;
  }
  static size_t CellsOfLine(const Chunk& chunk) {
    return chunk.algorithm.time_major ? chunk.rows : chunk.timesteps;
  }

  // Forward. `x` and `y` are the chunk's own tensors; `hx` is of the first
  // chunk's rows, (rows, U); `hy` has the states after each chunk.
  void PackInputs(const Chunk& chunk, size_t begin, size_t end,
                  const void* inputs, void* x) const;
  void PackInitialState(size_t begin, size_t end, const void* initial_state,
                        void* hx) const;
  // With return_sequences: the valid steps, from every line of every chunk, and
  // then the masked ones.
  void UnpackOutput(const Chunk& chunk, size_t begin, size_t end, const void* y,
                    void* output) const;
  void FillMaskedOutputs(size_t begin, size_t end, void* output) const;
  // Without it.
  void UnpackLastOutput(size_t begin, size_t end, const void* hy,
                        void* output) const;
  // `initial_state` may be null (zeros), or `state` itself.
  void UnpackState(size_t begin, size_t end, const void* hy,
                   const void* initial_state, void* state) const;

  // Backward. The gradient of each cell of a chunk's y, and then, of all
  // chunks', what masked steps add to it; `output_gradient` is (B, T, U):
  // without return_sequences there is nothing to pack, and dy is zero.
  void PackOutputGradient(const Chunk& chunk, size_t begin, size_t end,
                          const void* output_gradient, void* dy) const;
  void AddMaskedGradients(size_t begin, size_t end, const void* output_gradient,
                          void* dy) const;
  // The gradient of each chunk's hy but for what later chunks give, to memory
  // that is zero; both may be null. Without return_sequences the gradient of
  // the output counts here.
  void PackStateGradient(size_t begin, size_t end, const void* output_gradient,
                         const void* state_gradient, void* dhy) const;
  // From every line of every chunk, and then the masked steps.
  void UnpackInputGradient(const Chunk& chunk, size_t begin, size_t end,
                           const void* dx, void* gradient) const;
  void ZeroMaskedGradients(size_t begin, size_t end, void* gradient) const;
  // `dhx` is of the first chunk's rows; empty rows pass `state_gradient` (or,
  // null, zero) on.
  void UnpackInitialStateGradient(size_t begin, size_t end, const void* dhx,
                                  const void* state_gradient,
                                  void* gradient) const;

 private:
  size_t Length(size_t row) const {
    return static_cast<size_t>(schedule_.lengths[row]);
  }
  // The rows with a step; they stand first in Schedule::order.
  size_t ValidRows() const {
    return schedule_.chunks.empty() ? 0 : schedule_.chunks[0].rows;
  }
  // The chunk that row i of Schedule::order, which is valid, ends in.
  size_t LastChunkOf(size_t i) const;
  // Where the element `width * cell` of a chunk's tensor is row i's step.
  static size_t CellOf(const Chunk& chunk, size_t i, size_t step) {
    return chunk.algorithm.time_major ? step * chunk.rows + i
                                      : i * chunk.timesteps + step;
  }
  // Calls visit(i, step, count) for the valid steps of the chunk's lines: count
  // steps of row i from `step` on, which lie one after the other.
  template <typename Visit>
  void VisitLines(const Chunk& chunk, size_t begin, size_t end,
                  Visit visit) const;
  // Copies a row's steps between its place in (B, T, F), where go_backwards
  // reverses them, and a chunk's.
  template <typename Copy>
  void CopyInputSteps(const Chunk& chunk, size_t i, size_t step, size_t count,
                      Copy copy) const;
  void ZeroPadding(const Chunk& chunk, size_t i, size_t width, void* x) const;

  // The step of the outputs at which a row's step is written.
  size_t OutputStep(size_t row, size_t step) const {
    return call_.go_backwards ? schedule_.timesteps - Length(row) + step : step;
  }
  // Whether the call's last output of the row is its last state.
  bool LastOutputIsState(size_t row) const;
  template <typename T>
  void AddMasked(size_t begin, size_t end, const T* output_gradient,
                 void* dy) const;
  template <typename T>
  void PackStates(size_t begin, size_t end, const T* output_gradient,
                  const T* state_gradient, void* dhy) const;

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
