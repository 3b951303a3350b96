#ifndef CUDNN_GRU_CUDNN_STACK_STACK_RUNTIME_H_
#define CUDNN_GRU_CUDNN_STACK_STACK_RUNTIME_H_

#include <cstddef>

#include "core/gru_description.h"
#include "cudnn/runtime_verdict.h"

namespace cudnn_gru {

// Judges, as JudgeRuntime does, whether cuDNN computes several layers and
// directions in one call. The device must be one that meets JudgeRuntime.
RuntimeVerdict JudgeStackRuntime(size_t device, Dtype dtype,
                                 StateRounding state_rounding);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_STACK_RUNTIME_H_
