#ifndef CUDNN_GRU_CUDNN_TENSOR_PACKING_H_
#define CUDNN_GRU_CUDNN_TENSOR_PACKING_H_

#include <cstddef>

#include "core/gru_call.h"
#include "cudnn/chunking.h"
#include "cudnn/element_format.h"

namespace cudnn_gru {

// Converts between the tensors of a call as Keras defines them and the tensors
// that cuDNN computes with. Both lie on the host here. cuDNN sees no masked
// step, no empty row and no go_backwards: it sees rows of valid steps, in the
// order in which they are computed, followed by padding.
//
// Every function does a part of its work, [begin, end), so that threads can
// share it, and so that copies to and from the device can go on meanwhile. For
// functions with a `chunk` the part is a range of the chunk's lines. For the
// others it is a range of Chunking::order. In the comments, B is the batch, T
// the timesteps, F the features and U the units.
class TensorPacking {
 public:
  // Uses only the sizes and flags of `call`, none of its pointers. All three
  // must outlive this object.
  TensorPacking(const GruDescription& description, const GruCall& call,
                const Chunking& chunking)
      : TensorPacking(description, call, chunking, description.units) {}
  // Masked steps repeat only the first `repeated_units` of the last output, and
  // are zero in the others.
  TensorPacking(const GruDescription& description, const GruCall& call,
                const Chunking& chunking, size_t repeated_units)
      : call_(call),
        chunking_(chunking),
        format_(description),
        inputs_format_(description, call.inputs_are_bits
                                        ? HostFormat::kDeviceBits
                                        : HostFormat::kKeras),
        output_format_(description, call.output_is_bits
                                        ? HostFormat::kDeviceBits
                                        : HostFormat::kKeras),
        features_(description.features),
        units_(description.units),
        repeated_units_(repeated_units) {}

  // Returns the bytes of the call's output on the host.
  size_t HostOutputBytes() const {
    return call_.batch * (call_.return_sequences ? call_.timesteps : 1) *
           units_ * output_format_.host_bytes();
  }

  // Returns the bytes of the gradient of the inputs on the host.
  size_t HostInputGradientBytes() const {
    return call_.batch * call_.timesteps * features_ * format_.host_bytes();
  }

  // A line is one element of the outer dimension of a chunk's tensors: one row,
  // or one step when the chunk is time-major.
  static size_t LinesOf(const Chunk& chunk) {
    return chunk.algorithm.time_major ? chunk.timesteps : chunk.rows;
  }
  static size_t PositionsInLine(const Chunk& chunk) {
    return chunk.algorithm.time_major ? chunk.rows : chunk.timesteps;
  }

  // Calls visit(row, step, position) for each valid step of the chunk's lines:
  // `step` of `row` of the call is at `position` of the chunk's tensors, if the
  // call does not go backwards.
  template <typename Visit>
  void VisitSteps(const Chunk& chunk, size_t begin, size_t end,
                  Visit visit) const {
    VisitLines(chunk, begin, end, [&](size_t i, size_t first, size_t count) {
      for (size_t step = first; step < first + count; ++step) {
        visit(chunking_.order[i], chunk.start + step,
              PositionOf(chunk, i, step));
      }
    });
  }

  // Forward. `x` and `y` are the tensors of one chunk. `hx` is (rows of the
  // first chunk, U). `hy` holds the states after every chunk.
  void PackInputs(const Chunk& chunk, size_t begin, size_t end,
                  const void* inputs, void* x) const;
  void PackInitialState(size_t begin, size_t end, const void* initial_state,
                        void* hx) const;
  // For return_sequences: call UnpackOutput for every line of every chunk,
  // which writes the valid steps, and then FillMaskedOutputs.
  void UnpackOutput(const Chunk& chunk, size_t begin, size_t end, const void* y,
                    void* output) const;
  void FillMaskedOutputs(size_t begin, size_t end, void* output) const;
  // For calls without return_sequences.
  void UnpackLastOutput(size_t begin, size_t end, const void* hy,
                        void* output) const;
  // `initial_state` may be null, which means zeros, and may be `state` itself.
  void UnpackState(size_t begin, size_t end, const void* hy,
                   const void* initial_state, void* state) const;

  // Backward. Call PackOutputGradient for every line of every chunk, with the
  // chunk's part of `dy`, and then AddMaskedGradients, which adds the gradients
  // of masked steps to the whole `dy`. `output_gradient` is (B, T, U). Without
  // return_sequences there is nothing to pack, because dy is zero.
  void PackOutputGradient(const Chunk& chunk, size_t begin, size_t end,
                          const void* output_gradient, void* dy) const;
  void AddMaskedGradients(size_t begin, size_t end, const void* output_gradient,
                          void* dy) const;
  // Writes the gradients of all chunks' hy, without the parts that come from
  // later chunks. `dhy` must be zero before. Either gradient may be null.
  // Without return_sequences the gradient of the output is included.
  void PackStateGradient(size_t begin, size_t end, const void* output_gradient,
                         const void* state_gradient, void* dhy) const;
  // Call UnpackInputGradient for every line of every chunk, and then
  // ZeroMaskedGradients.
  void UnpackInputGradient(const Chunk& chunk, size_t begin, size_t end,
                           const void* dx, void* gradient) const;
  void ZeroMaskedGradients(size_t begin, size_t end, void* gradient) const;
  // `dhx` is (rows of the first chunk, U). The gradient of an empty row is its
  // `state_gradient`, or zero when that is null.
  void UnpackInitialStateGradient(size_t begin, size_t end, const void* dhx,
                                  const void* state_gradient,
                                  void* gradient) const;

 private:
  size_t Length(size_t row) const {
    return static_cast<size_t>(chunking_.lengths[row]);
  }
  // Returns the number of rows with a step. They come first in Chunking::order.
  size_t ValidRows() const {
    return chunking_.chunks.empty() ? 0 : chunking_.chunks[0].rows;
  }
  // Returns the index of the chunk in which row i of Chunking::order, which
  // must have a step, ends.
  size_t LastChunkOf(size_t i) const;
  // Returns the position of a step of row i in the chunk's tensors.
  static size_t PositionOf(const Chunk& chunk, size_t i, size_t step) {
    return chunk.algorithm.time_major ? step * chunk.rows + i
                                      : i * chunk.timesteps + step;
  }
  // Calls visit(i, step, count) until all valid steps of the chunk's lines are
  // visited. Each call is for `count` steps of row i, from `step` on, that lie
  // one after the other.
  template <typename Visit>
  void VisitLines(const Chunk& chunk, size_t begin, size_t end,
                  Visit visit) const {
    if (chunk.algorithm.time_major && chunk.rows == 1) {
      visit(size_t{0}, begin, end - begin);
      return;
    }
    if (chunk.algorithm.time_major) {
      for (size_t step = begin; step < end; ++step) {
        for (size_t i = 0; i < chunk.rows; ++i) visit(i, step, size_t{1});
      }
      return;
    }
    for (size_t i = begin; i < end; ++i) {
      visit(i, size_t{0},
            static_cast<size_t>(chunking_.chunk_lengths[chunk.first_row + i]));
    }
  }
  // Copies `count` steps of row i between the caller's (B, T, F), in which
  // go_backwards reverses them, and the chunk's tensor.
  template <typename Copy>
  void CopyInputSteps(const Chunk& chunk, size_t i, size_t step, size_t count,
                      Copy copy) const;
  void ZeroPadding(const Chunk& chunk, size_t i, size_t width, void* x) const;

  // Returns the step of the output that belongs to a computed step of the row.
  size_t OutputStep(size_t row, size_t step) const {
    return call_.go_backwards ? chunking_.timesteps - Length(row) + step : step;
  }
  // Whether the last output of the row is its last state.
  bool LastOutputIsState(size_t row) const;
  template <typename T>
  void AddMasked(size_t begin, size_t end, const T* output_gradient,
                 void* dy) const;
  template <typename T>
  void PackStates(size_t begin, size_t end, const T* output_gradient,
                  const T* state_gradient, void* dhy) const;

  const GruCall& call_;
  const Chunking& chunking_;
  const ElementFormat
      format_;  // of all tensors but the call's input and output
  const ElementFormat inputs_format_;
  const ElementFormat output_format_;
  const size_t features_;
  const size_t units_;
  const size_t repeated_units_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_TENSOR_PACKING_H_
