#ifndef CUDNN_GRU_CPU_FORWARD_LOOP_SCRATCH_H_
#define CUDNN_GRU_CPU_FORWARD_LOOP_SCRATCH_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_call.h"
#include "core/workspace.h"
#include "cpu/forward/row_wise_step.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// Arrays that all threads of a call work in. B rows throughout.
template <typename T>
struct SharedScratch {
  size_t chunk;       // steps projected at a time
  size_t row_stride;  // elements of a packed row: panels * 3 * lanes
  T* projection;      // (B, chunk, row_stride)
  // The chunk's inputs where those of the call cannot be used as they are: with
  // dropout, or widened from bits. (input_masks, B, chunk, F), or null.
  T* inputs;
  size_t input_masks;  // 1 without dropout
  T* states;           // (2, B, U), or null where states go to the output
  T* update;           // (B, U), reset_after=False
  T* reset_state;      // (B, U), reset_after=False
  T* dropped_states;   // (3, B, U), with recurrent dropout
  T* zeros;            // (U,), the state of a row before its first step

  // Takes the arrays for `call`; the allocator may be only measuring.
  void Take(const CpuWeights& weights, const GruCall& call, size_t lanes,
            BumpAllocator& allocator);
};

// Per-row pointers of one thread, indexed from its row_begin or, where noted,
// by the rows active in the current step.
template <typename T>
struct RowScratch {
  const T** state;     // where the row's state lies now
  uint8_t* seen;       // whether an unmasked step has come
  uint8_t* slot;       // half of SharedScratch::states to be written next
  size_t* active;      // rows of the current step
  const T** previous;  // by active row, as all below
  T** next;
  const T** projection;
  T** update;
  T** reset_state;
  T** saved;
  T** values;
  const T** dropped_state[kGates];
  const T** input[kGates];  // by projected row: (rows * chunk)
  T** projected;            // likewise
  RowWiseStep<T> row_wise;  // for layers that need it

  void Take(const GruDescription& description, const GruCall& call, size_t rows,
            const SharedScratch<T>& shared, BumpAllocator& allocator);
};

// Whether the states of a call are written to its output as they are computed.
inline bool OutputTakesStates(const GruCall& call) {
  return call.return_sequences && !call.output_is_bits;
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_LOOP_SCRATCH_H_
