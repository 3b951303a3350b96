#ifndef CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_
#define CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_

#include <cstddef>
#include <cstdint>

#include "cpu/weights/packing.h"

namespace cudnn_gru {

// The layout of weights that the backward pass multiplies by: [depth / lanes]
// [panel][gate][lane][depth % lanes], with zeros beyond `depth`. The elements
// have the layer's dtype, or for dots are pairs of bfloat16 of two lanes, the
// even one in the upper half: [depth / lanes][panel][gate][lane / 2]
// [depth % lanes].

// Returns the bytes of transposed weights. `dtype` is that of the layer.
size_t TransposedBytes(const PackedShape& shape, bool pairs, Dtype dtype);

// Convert one panel of plain packed weights, [depth][gate][lane].
template <typename T>
void TransposePanel(const T* weights, const PackedShape& shape, size_t panel,
                    T* transposed);
// The number of lanes is even. The weights are numbers of bfloat16.
void TransposePanelToPairs(const float* weights, const PackedShape& shape,
                           size_t panel, uint32_t* transposed);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_
