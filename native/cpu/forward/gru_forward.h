#ifndef CUDNN_GRU_CPU_FORWARD_GRU_FORWARD_H_
#define CUDNN_GRU_CPU_FORWARD_GRU_FORWARD_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cpu/forward/forward_job.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// Computes the forward pass of keras.layers.GRU on the CPU
// (keras/src/layers/rnn/gru.py with use_cudnn=False), with the kernels that
// the weights were packed for.
//
// Uses up to `threads` threads. The result for a row is bit for bit the same
// for any batch and any number of threads, and whatever else runs.
// `cancellation` may be null. A cancelled call returns kAborted and leaves
// output and state undefined. `saved`, which must be made for this call,
// receives the data that BackwardOnCpu needs. It is null when no gradients are
// wanted, and must be null with the reference.
Status ForwardOnCpu(const CpuWeights& weights, const GruCall& call, int threads,
                    const Cancellation* cancellation,
                    const SavedSteps* saved = nullptr);

// Does the same, but writes the output to `place` in the call's output. Not for
// the reference.
Status ForwardOnCpu(const CpuWeights& weights, const GruCall& call,
                    const OutputPlace& place, int threads,
                    const Cancellation* cancellation, const SavedSteps* saved);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_GRU_FORWARD_H_
