#ifndef CUDNN_GRU_CORE_HALF_KERNELS_H_
#define CUDNN_GRU_CORE_HALF_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

namespace cudnn_gru {

// The 16-bit type that a float32 layer rounds its states to after every step.
enum class StateRounding { kNone, kFloat16, kBfloat16 };

// Conversions between float32 and one 16-bit type. The arrays need no
// alignment. They must not overlap.
struct HalfConversions {
  void (*widen)(const uint16_t* bits, float* values, size_t n);
  void (*narrow)(const float* values, uint16_t* bits, size_t n);
  // values[i] = widen(narrow(values[i])).
  void (*round)(float* values, size_t n);
};

// The conversions of one instruction set. All sets produce the same bits for
// every input, including NaN. This is a plain structure in a plain header,
// because the kernel units include it (see cpu/kernels/kernels.h).
struct HalfKernels {
  HalfConversions float16;
  HalfConversions bfloat16;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_HALF_KERNELS_H_
