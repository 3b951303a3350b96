#ifndef CUDNN_GRU_CPU_STACK_STACK_FORWARD_H_
#define CUDNN_GRU_CPU_STACK_STACK_FORWARD_H_

#include "core/status.h"
#include "cpu/stack/stack_job.h"
#include "cpu/stack/stack_plan.h"

namespace cudnn_gru {

// Computes all layers of a stack with vector kernels, on up to `threads`
// threads. The results for a row are bit for bit those of ForwardOnCpu, called
// for one GRU after the other, and do not depend on the batch, the number of
// threads or whatever else runs. A cancelled call returns kAborted and leaves
// outputs and states undefined.
Status ForwardStackOnCpu(const StackJob& job, int threads);

// Does the same as `plan` says, whatever the size of the call.
Status ForwardStackOnCpu(const StackJob& job, const StackPlan& plan);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_STACK_FORWARD_H_
