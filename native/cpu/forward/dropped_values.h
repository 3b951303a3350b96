#ifndef CUDNN_GRU_CPU_FORWARD_DROPPED_VALUES_H_
#define CUDNN_GRU_CPU_FORWARD_DROPPED_VALUES_H_

#include <cstddef>

#include "core/half.h"

namespace cudnn_gru {

// Writes n values times their dropout multipliers. The products are multiplied
// by weights, so they are rounded to the 16-bit type of the layer.
template <typename T>
void DropValues(StateRounding rounding, const T* values, const T* keep, T* out,
                size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = values[i] * keep[i];
  RoundValues(rounding, out, n);
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_DROPPED_VALUES_H_
