#ifndef CUDNN_GRU_CPU_BACKWARD_GRU_BACKWARD_H_
#define CUDNN_GRU_CPU_BACKWARD_GRU_BACKWARD_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The gradients of a call of ForwardOnCpu that filled `saved`, by vector
// kernels. The weights and the call's inputs, masks and dropout multipliers are
// those of that call; its output and state are not read. Uses `saved` up.
//
// Uses up to `threads` threads; gradients are bit for bit the same whatever
// their number. `cancellation` may be null; a cancelled call returns kAborted
// with the gradients undefined.
Status BackwardOnCpu(const CpuWeights& weights, const GruCall& call,
                     const SavedSteps& saved, const GruGradients& gradients,
                     int threads, const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_GRU_BACKWARD_H_
