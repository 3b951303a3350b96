#ifndef CUDNN_GRU_CPU_FORWARD_GRU_FORWARD_H_
#define CUDNN_GRU_CPU_FORWARD_GRU_FORWARD_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The forward pass of keras.layers.GRU on the CPU (keras/src/layers/rnn/gru.py
// with use_cudnn=False), by the kernels of the
// weights' instruction set.
//
// Uses up to `threads` threads. The result for a row is bit for bit the same
// whatever the batch, `threads`, and what else runs. `cancellation` may be
// null; a cancelled call returns kAborted with output and state undefined.
// `saved`, made for this call, gets what BackwardOnCpu needs; null, as it must
// be with the reference, when no gradients are wanted.
Status ForwardOnCpu(const CpuWeights& weights, const GruCall& call, int threads,
                    const Cancellation* cancellation,
                    const SavedSteps* saved = nullptr);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_GRU_FORWARD_H_
