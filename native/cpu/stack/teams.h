#ifndef CUDNN_GRU_CPU_STACK_TEAMS_H_
#define CUDNN_GRU_CPU_STACK_TEAMS_H_

#include "core/status.h"
#include "cpu/stack/stack_job.h"
#include "cpu/stack/stack_plan.h"

namespace cudnn_gru {

// Computes a stack by teams of threads (StackSplit::kTeams). Each thread knows
// from the start which GRUs it computes, and with whom.
//
// `ran` becomes false when the team of threads is not free. Nothing has been
// computed then. Throws std::bad_alloc.
template <typename T>
Status RunTeams(const StackJob& job, const StackPlan& plan, bool* ran);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_TEAMS_H_
