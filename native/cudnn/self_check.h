#ifndef CUDNN_GRU_CUDNN_SELF_CHECK_H_
#define CUDNN_GRU_CUDNN_SELF_CHECK_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/algorithm.h"

namespace cudnn_gru {

// Runs one tiny call on the device and compares it with the scalar reference:
// by the standard algorithm forward, by another one backward too. It asks
// whether the device computes a GRU; how well it does is for tests. kCudnn when
// the numbers differ by more, else what the call fails with.
Status RunSelfCheck(size_t device, Dtype dtype, StateRounding state_rounding,
                    const Algorithm& algorithm);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SELF_CHECK_H_
