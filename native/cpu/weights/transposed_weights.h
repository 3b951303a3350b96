#ifndef CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_
#define CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_

#include <cstddef>

#include "cpu/weights/packing.h"

namespace cudnn_gru {

// Returns the number of elements of the transposed weights.
size_t TransposedSize(const PackedShape& shape);

// Converts one panel of plain packed weights, [depth][gate][lane], to the
// layout that the backward pass multiplies by: [depth / lanes][panel][gate]
// [lane][depth % lanes], with zeros beyond `depth`.
template <typename T>
void TransposePanel(const T* weights, const PackedShape& shape, size_t panel,
                    T* transposed);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_
