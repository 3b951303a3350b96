#ifndef CUDNN_GRU_CPU_GRU_REFERENCE_H_
#define CUDNN_GRU_CPU_GRU_REFERENCE_H_

#include "core/cancellation.h"
#include "core/gru_problem.h"
#include "core/status.h"
#include "cpu/weights.h"

namespace cudnn_gru {

// keras.layers.GRU written down plainly, one row, step and unit at a time, sums
// in double with libm's functions: slow, and what every other path is tested
// against. Needs weights of the "reference" backend.
Status ForwardReference(const CpuWeights& weights, const GruCall& call,
                        const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_GRU_REFERENCE_H_
