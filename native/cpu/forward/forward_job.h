#ifndef CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_
#define CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_

#include <cstddef>

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// Where the output of a row and step lies, counted in elements. Steps are those
// of the time loop. A call without return_sequences has one step, number 0.
struct OutputPlace {
  size_t origin;
  size_t row_stride;
  ptrdiff_t step_stride;  // negative when the sequence is written backwards
  // Whether another thread reads or writes the same cache lines meanwhile. The
  // time loop then only writes there, and keeps its states elsewhere.
  bool contended = false;

  size_t At(size_t row, size_t step) const {
    return origin + row * row_stride +
           static_cast<size_t>(static_cast<ptrdiff_t>(step) * step_stride);
  }
};

// Returns the place in a contiguous output, as GruCall describes it.
inline OutputPlace ContiguousPlace(const GruCall& call, size_t units) {
  const size_t steps = call.return_sequences ? call.timesteps : 1;
  return {0, steps * units, static_cast<ptrdiff_t>(units), false};
}

// The data that all threads of one forward call read. It outlives the threads.
template <typename T>
struct ForwardJob {
  const CpuWeights& weights;
  const Kernels<T>& kernels;
  const GruCall& call;
  const Cancellation* cancellation;  // may be null
  const SavedSteps* saved;           // null when no backward pass follows
  OutputPlace place;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_
