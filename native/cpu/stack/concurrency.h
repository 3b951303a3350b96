#ifndef CUDNN_GRU_CPU_STACK_CONCURRENCY_H_
#define CUDNN_GRU_CPU_STACK_CONCURRENCY_H_

#include <cstddef>

#include "cpu/stack/stack_job.h"

namespace cudnn_gru {

// Returns how many GRUs can be computed at a time from the layer `index` on:
// both halves of a Bidirectional, or a run of plain layers, each of which
// follows the one below a few steps behind. `end` receives the layer behind
// them.
size_t ConcurrencyFrom(const StackJob& job, size_t index, size_t* end);

// The least and the greatest number of GRUs that can be computed at a time,
// anywhere in the stack.
struct Concurrency {
  size_t least;
  size_t most;
};
Concurrency ConcurrencyOf(const StackJob& job);

// Returns how many steps of a GRU are computed at a time for a group of `rows`,
// so that a layer above it can follow closely: all steps when none does.
size_t StepsAtATime(const StackJob& job, size_t layer, size_t half,
                    size_t rows);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_CONCURRENCY_H_
