#ifndef CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_BACKWARD_H_
#define CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_BACKWARD_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cpu/reference/gru_reference.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// Computes the gradients of a call of ForwardReference in the same plain way,
// from the same call and weights and from the steps it filled. Does not read
// the call's output and state. A rounded state passes its gradient on
// unchanged.
//
// Fails with kAborted when cancelled, which is checked before every step, with
// kCallback when the user's activation failed, and with kOutOfMemory.
// `gradients` are then unspecified.
Status BackwardReference(const CpuWeights& weights, const GruCall& call,
                         const ReferenceSteps& steps,
                         const GruGradients& gradients,
                         const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_BACKWARD_H_
