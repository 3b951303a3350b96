#ifndef CUDNN_GRU_CUDNN_SELF_CHECK_H_
#define CUDNN_GRU_CUDNN_SELF_CHECK_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/algorithm.h"

namespace cudnn_gru {

// Runs one tiny call on the device and compares it with the scalar reference:
// forward, and for algorithms other than the standard one backward too. The
// check only shows that the device computes a GRU; the accuracy is a matter for
// tests. Fails with kCudnn when the numbers differ too much, and with the
// errors of the call.
Status RunSelfCheck(size_t device, Dtype dtype, StateRounding state_rounding,
                    const Algorithm& algorithm);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SELF_CHECK_H_
