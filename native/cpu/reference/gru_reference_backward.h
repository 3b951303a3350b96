#ifndef CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_BACKWARD_H_
#define CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_BACKWARD_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cpu/reference/gru_reference.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The gradients of ForwardReference, as plainly: of the same call and weights,
// from the steps it filled. The call's output and state are not read. A state
// that was rounded passes its gradient on unchanged.
//
// kAborted when cancelled, looked at before every step; kCallback when the
// user's activation failed; kOutOfMemory. `gradients` are unspecified then.
Status BackwardReference(const CpuWeights& weights, const GruCall& call,
                         const ReferenceSteps& steps,
                         const GruGradients& gradients,
                         const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_BACKWARD_H_
