#ifndef CUDNN_GRU_CUDNN_STACK_STACK_SELF_CHECK_H_
#define CUDNN_GRU_CUDNN_STACK_STACK_SELF_CHECK_H_

#include <cstddef>

#include "core/gru_description.h"
#include "core/status.h"
#include "cudnn/self_check.h"

namespace cudnn_gru {

// Runs one tiny stack of two bidirectional layers on the device in one cuDNN
// call, forward and backward, and compares it with the scalar reference. Fails
// with kCudnn when the numbers differ too much, and with the errors of the
// call.
Status RunStackSelfCheck(size_t device, Dtype dtype,
                         StateRounding state_rounding, const SelfCheckWay& way);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_STACK_SELF_CHECK_H_
