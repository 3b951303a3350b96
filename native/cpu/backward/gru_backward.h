#ifndef CUDNN_GRU_CPU_BACKWARD_GRU_BACKWARD_H_
#define CUDNN_GRU_CPU_BACKWARD_GRU_BACKWARD_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// Computes the gradients of a call of ForwardOnCpu that filled `saved`, with
// vector kernels. The weights and the call's inputs, masks and dropout
// multipliers must be those of that call. Does not read the call's output and
// state. `saved` cannot be used again.
//
// Uses up to `threads` threads. The gradients are bit for bit the same for any
// number of threads. `cancellation` may be null. A cancelled call returns
// kAborted and leaves the gradients undefined.
Status BackwardOnCpu(const CpuWeights& weights, const GruCall& call,
                     const SavedSteps& saved, const GruGradients& gradients,
                     int threads, const Cancellation* cancellation);

// Returns how many of `threads` threads BackwardOnCpu would use for `call`.
int BackwardThreads(const CpuWeights& weights, const GruCall& call,
                    int threads);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_GRU_BACKWARD_H_
