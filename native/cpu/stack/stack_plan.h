#ifndef CUDNN_GRU_CPU_STACK_STACK_PLAN_H_
#define CUDNN_GRU_CPU_STACK_STACK_PLAN_H_

#include <cstddef>

#include "cpu/stack/stack_job.h"

namespace cudnn_gru {

// How the threads of one call share a stack.
enum class StackSplit {
  // One GRU after the other, each on all threads (work_division.h).
  kOneByOne,
  // Chains: a chain is the loop over time of one GRU for a group of rows. One
  // thread computes a chain, and waits where it needs what another has not
  // computed yet.
  kChains,
  // Teams: one GRU is computed by a team of threads, which divide its units,
  // and as many GRUs at a time as can be.
  kTeams,
};

struct StackPlan {
  StackSplit split = StackSplit::kOneByOne;
  int threads = 1;
  // For kChains: the number of groups that the rows are divided into.
  size_t row_groups = 1;
};

// Chooses how up to `threads` threads share a call. Rows come first where the
// batch gives every thread enough of them, because such threads never wait for
// each other.
StackPlan PlanStack(const StackJob& job, int threads);

// Returns how many GRUs can be computed at a time from the layer `index` on:
// both halves of a Bidirectional, or a run of plain layers, each of which
// follows the one below a few steps behind. `end` receives the layer behind
// them.
size_t ConcurrencyFrom(const StackJob& job, size_t index, size_t* end);

// Returns how many steps of a GRU are computed at a time for a group of `rows`,
// so that a layer above it can follow closely: all steps when none does.
size_t StepsAtATime(const StackJob& job, size_t layer, size_t half,
                    size_t rows);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_STACK_PLAN_H_
