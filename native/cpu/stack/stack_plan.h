#ifndef CUDNN_GRU_CPU_STACK_STACK_PLAN_H_
#define CUDNN_GRU_CPU_STACK_STACK_PLAN_H_

#include <cstddef>
#include <cstdint>

#include "core/measured_choice.h"
#include "cpu/stack/stack_job.h"

namespace cudnn_gru {

struct StackPlan {
  StackSplit split = StackSplit::kOneByOne;
  int threads = 1;
  // For kChains: the number of groups that the rows are divided into.
  size_t row_groups = 1;
  // Whether threads meet at barriers after each time step.
  bool has_barriers = false;
  // Identifies calls of this size in MeasuredChoices where an idle machine
  // would use barriers, and is 0 elsewhere.
  uint64_t size = 0;
};

// Chooses how up to `threads` threads share a call. Rows come first where the
// batch gives every thread enough of them, because such threads never wait for
// each other. Otherwise the way that costs least (stack_costs.h) is taken, for
// a second-level cache of `cache_bytes`. Barriers are used where such calls
// have turned out to be faster so.
StackPlan PlanStack(const StackJob& job, int threads, size_t cache_bytes);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_STACK_PLAN_H_
