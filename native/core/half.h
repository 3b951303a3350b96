#ifndef CUDNN_GRU_CORE_HALF_H_
#define CUDNN_GRU_CORE_HALF_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_call.h"
#include "core/half_kernels.h"

namespace cudnn_gru {

// float16 (IEEE binary16) and bfloat16 as bits. Narrowing rounds to nearest
// even, overflows to infinity, underflows gradually and keeps NaN (quiet).
// `type` is not kNone.
void Widen(StateRounding type, const uint16_t* bits, float* values, size_t n);
void Narrow(StateRounding type, const float* values, uint16_t* bits, size_t n);

// The same on at most `threads` threads of the process's team, as many as are
// worth their start. Not for code that runs on a thread of the team already.
void Widen(StateRounding type, const uint16_t* bits, float* values, size_t n,
           int threads);
void Narrow(StateRounding type, const float* values, uint16_t* bits, size_t n,
            int threads);

// Rounds values in place to the nearest of `type`; kNone does nothing.
void RoundValues(StateRounding type, float* values, size_t n);

// No layer of float64 has a 16-bit type; these let one code serve both dtypes.
inline void Widen(StateRounding, const uint16_t*, double*, size_t) {}
inline void Narrow(StateRounding, const double*, uint16_t*, size_t) {}
inline void RoundValues(StateRounding, double*, size_t) {}

// The scalar conversions, which define the bits that all others give; in use
// until the CPU's kernels have been chosen.
const HalfKernels& ScalarHalfKernels();

// From now on everything above uses `kernels`, which live for ever. The choice
// of the CPU's kernels calls this (cpu/dispatch), because core knows none.
void UseHalfKernels(const HalfKernels& kernels);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_HALF_H_
