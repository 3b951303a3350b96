#ifndef CUDNN_GRU_CORE_HALF_H_
#define CUDNN_GRU_CORE_HALF_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_problem.h"

namespace cudnn_gru {

// float16 (IEEE binary16) and bfloat16 as bits. Narrowing rounds to nearest
// even, overflows to infinity, underflows gradually and keeps NaN (quiet).
// `type` is not kNone.
void Widen(StateRounding type, const uint16_t* bits, float* values, size_t n);
void Narrow(StateRounding type, const float* values, uint16_t* bits, size_t n);

// Rounds values in place to the nearest of `type`; kNone does nothing.
void RoundValues(StateRounding type, float* values, size_t n);
inline void RoundValues(StateRounding, double*, size_t) {}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_HALF_H_
