#ifndef CUDNN_GRU_CPU_STACK_CHAINS_H_
#define CUDNN_GRU_CPU_STACK_CHAINS_H_

#include "core/status.h"
#include "cpu/stack/stack_job.h"
#include "cpu/stack/stack_plan.h"

namespace cudnn_gru {

// Computes a stack as chains (StackSplit::kChains). Every thread takes the
// chains one after the other, a few steps at a time, and stays with one as long
// as its inputs are ready. So any number of threads comes to an end.
//
// `ran` becomes false when the team of threads is not free. Nothing has been
// computed then. Throws std::bad_alloc.
template <typename T>
Status RunChains(const StackJob& job, const StackPlan& plan, bool* ran);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_CHAINS_H_
