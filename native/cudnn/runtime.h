#ifndef CUDNN_GRU_CUDNN_RUNTIME_H_
#define CUDNN_GRU_CUDNN_RUNTIME_H_

#include <cstddef>

#include "core/gru_description.h"
#include "cudnn/runtime_verdict.h"

namespace cudnn_gru {

// Judges a device and a data type by running a tiny call and comparing it with
// the scalar reference. This happens once, except that a verdict caused by
// other users of the device is judged again after a second.
RuntimeVerdict JudgeRuntime(size_t device, Dtype dtype,
                            StateRounding state_rounding);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_RUNTIME_H_
