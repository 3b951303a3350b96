#ifndef CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_H_
#define CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The values of each unmasked step that the gradients need, in double. T counts
// the steps in the order in which they are computed. Masked steps are not
// written.
struct ReferenceSteps {
  double* states = nullptr;  // (B, T, U), the state before the step
  double* sums = nullptr;    // (B, T, 3, U), the pre-activations of the gates
  double* gates = nullptr;   // (B, T, 3, U): z, r and the candidate
  double* candidates = nullptr;  // (B, T, U), what r multiplies (reset_after)
};

// Computes keras.layers.GRU in the plainest way: one row, step and unit at a
// time, with sums in double and libm's functions. It is slow, and every other
// path is tested against it. Needs weights that were made for "reference".
// Fills `steps` unless it is null.
Status ForwardReference(const CpuWeights& weights, const GruCall& call,
                        const Cancellation* cancellation,
                        const ReferenceSteps* steps = nullptr);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_REFERENCE_GRU_REFERENCE_H_
