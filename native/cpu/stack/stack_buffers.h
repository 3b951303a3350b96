#ifndef CUDNN_GRU_CPU_STACK_STACK_BUFFERS_H_
#define CUDNN_GRU_CPU_STACK_STACK_BUFFERS_H_

#include "core/gru_stack.h"
#include "core/workspace.h"
#include "cpu/stack/stack_job.h"

namespace cudnn_gru {

// Fills in the calls of all halves of `job`, whose weights are set: takes the
// memory for the outputs between the layers, and for those of halves that are
// merged, from `allocator`, and says where each half writes. The allocator may
// only be measuring; the pointers are then null. `inputs` take the place of the
// call's own, which may be bits, unless they are null.
void PlaceBuffers(const StackCall& call, const void* inputs,
                  BumpAllocator& allocator, StackJob* job);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_STACK_BUFFERS_H_
