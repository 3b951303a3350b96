#ifndef CUDNN_GRU_CPU_INITIALIZERS_ORTHOGONAL_H_
#define CUDNN_GRU_CPU_INITIALIZERS_ORTHOGONAL_H_

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace cudnn_gru {

// Fills `out` (rows, columns) with `gain` times a random matrix whose rows are
// orthonormal, or whose columns are when there are fewer columns. Like
// keras.initializers.OrthogonalInitializer, it takes the Q factor of a matrix
// of normal numbers, where the diagonal of R is positive. T is float or double.
template <typename T>
Status FillOrthogonal(T* out, size_t rows, size_t columns, uint64_t seed,
                      double gain);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_INITIALIZERS_ORTHOGONAL_H_
