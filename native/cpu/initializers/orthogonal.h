#ifndef CUDNN_GRU_CPU_INITIALIZERS_ORTHOGONAL_H_
#define CUDNN_GRU_CPU_INITIALIZERS_ORTHOGONAL_H_

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace cudnn_gru {

// Fills `out` (rows, columns) with a random matrix whose rows, or columns if
// these are fewer, are orthonormal, times `gain`; as
// keras.initializers.OrthogonalInitializer, from the Q factor (with positive
// diagonal of R) of a normal matrix. T is float or double.
template <typename T>
Status FillOrthogonal(T* out, size_t rows, size_t columns, uint64_t seed,
                      double gain);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_INITIALIZERS_ORTHOGONAL_H_
