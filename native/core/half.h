#ifndef CUDNN_GRU_CORE_HALF_H_
#define CUDNN_GRU_CORE_HALF_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_call.h"
#include "core/half_kernels.h"

namespace cudnn_gru {

// Convert between float32 and the bits of float16 (IEEE binary16) or bfloat16.
// Narrow rounds to nearest even, overflows to infinity, underflows gradually
// and keeps NaN, which becomes quiet. `type` must not be kNone.
void Widen(StateRounding type, const uint16_t* bits, float* values, size_t n);
void Narrow(StateRounding type, const float* values, uint16_t* bits, size_t n);

// Do the same on up to `threads` threads of the thread pool, on as many as are
// worth waking. Code that runs on a thread of the pool must not call them.
void Widen(StateRounding type, const uint16_t* bits, float* values, size_t n,
           int threads);
void Narrow(StateRounding type, const float* values, uint16_t* bits, size_t n,
            int threads);

// Rounds values in place to the nearest values of `type`. Does nothing for
// kNone.
void RoundValues(StateRounding type, float* values, size_t n);

// A float64 layer never has a 16-bit type. These functions do nothing, so that
// one template can serve both dtypes.
inline void Widen(StateRounding, const uint16_t*, double*, size_t) {}
inline void Narrow(StateRounding, const double*, uint16_t*, size_t) {}
inline void RoundValues(StateRounding, double*, size_t) {}

// Returns the scalar conversions. They define the bits that all other kernels
// must produce, and are in use until the CPU's kernels have been chosen.
const HalfKernels& ScalarHalfKernels();

// Makes everything above use `kernels` from now on. They must live for ever.
// cpu/dispatch calls this when it has chosen the CPU's kernels, because core/
// may not include them.
void UseHalfKernels(const HalfKernels& kernels);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_HALF_H_
