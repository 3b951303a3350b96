#ifndef CUDNN_GRU_CUDNN_SELF_CHECK_H_
#define CUDNN_GRU_CUDNN_SELF_CHECK_H_

#include <cstddef>

#include "core/gru_problem.h"
#include "core/status.h"

namespace cudnn_gru {

// Runs one tiny forward call on the device and compares it with the scalar
// reference. kCudnn when the numbers differ by more than the type allows, else
// what the call fails with.
Status RunSelfCheck(size_t device, Dtype dtype, StateRounding state_rounding);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SELF_CHECK_H_
