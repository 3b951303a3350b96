#ifndef CUDNN_GRU_CPU_STACK_STACK_BUFFERS_H_
#define CUDNN_GRU_CPU_STACK_STACK_BUFFERS_H_

#include "core/gru_stack.h"
#include "core/workspace.h"
#include "cpu/stack/stack_job.h"

namespace cudnn_gru {

// Fills in the calls of all halves of `job`, whose weights are set, and says
// where in its output each half writes. All pointers to the inputs and outputs
// of layers are still missing.
void FillCalls(const StackCall& call, StackJob* job);

// Sets these pointers. Takes the memory for the outputs between the layers, and
// for those of halves that are merged, from `allocator`, which may only be
// measuring; the pointers are then null. `inputs` are those of the first layer.
void PlaceBuffers(const StackCall& call, const void* inputs,
                  BumpAllocator& allocator, StackJob* job);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_STACK_BUFFERS_H_
