#ifndef CUDNN_GRU_CPU_FORWARD_LOOP_SCRATCH_H_
#define CUDNN_GRU_CPU_FORWARD_LOOP_SCRATCH_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_call.h"
#include "core/workspace.h"
#include "cpu/forward/forward_job.h"
#include "cpu/forward/row_wise_step.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The arrays that all threads of a call share. B is the batch.
template <typename T>
struct SharedScratch {
  size_t chunk;  // how many steps are projected at a time
  size_t
      row_stride;  // the number of elements of a packed row: panels * 3 * lanes
  T* projection;   // (B, chunk, row_stride)
  // The inputs of a chunk, (input_masks, B, chunk, F), when the inputs of the
  // call must be multiplied by dropout masks or widened from bits. Null
  // otherwise.
  T* inputs;
  size_t input_masks;  // 1 without dropout
  T* states;           // (2, B, U), or null when states go to the output
  T* update;           // (B, U), reset_after=False
  T* reset_state;      // (B, U), reset_after=False
  T* dropped_states;   // (3, B, U), with recurrent dropout
  T* zeros;            // (U,), the state of a row before its first step

  // Takes the arrays for `call` from `allocator`, which may only be measuring.
  // At most `most_steps` steps are projected at a time.
  void Take(const ForwardJob<T>& job, size_t most_steps,
            BumpAllocator& allocator);
};

// The arrays of one thread. The first four have one element for each of its
// rows, and the others one for each of its rows that is active in the current
// step, unless noted otherwise.
template <typename T>
struct RowScratch {
  const T** state;  // the address of the row's current state
  uint8_t* seen;    // whether the row has had an unmasked step
  uint8_t* slot;    // the half of SharedScratch::states to write next
  size_t* active;   // the rows that are active in the current step
  const T** previous;
  T** next;
  const T** projection;
  T** update;
  T** reset_state;
  T** saved;
  T** values;
  const T** dropped_state[kGates];
  const T** input[kGates];  // for each projected row and step: (rows * chunk)
  T** projected;            // for each projected row and step
  RowWiseStep<T> row_wise;  // only for layers that need it

  void Take(const GruDescription& description, const GruCall& call, size_t rows,
            const SharedScratch<T>& shared, BumpAllocator& allocator);
};

// Whether the time loop keeps its states in the output.
template <typename T>
bool OutputTakesStates(const ForwardJob<T>& job) {
  return job.call.return_sequences && !job.call.output_is_bits &&
         !job.place.contended;
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_LOOP_SCRATCH_H_
