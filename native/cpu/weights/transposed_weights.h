#ifndef CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_
#define CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_

#include <cstddef>

namespace cudnn_gru {

// Elements of what TransposePanels writes.
size_t TransposedSize(size_t depth, size_t panels, size_t lanes);

// Packed weights [panel][depth][gate][lane] (cpu/kernels/kernels.h) as the
// backward pass multiplies by them: [depth / lanes][panel][gate][lane][depth %
// lanes], zeros beyond `depth`.
template <typename T>
void TransposePanels(const T* weights, size_t depth, size_t panels,
                     size_t lanes, T* transposed);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_
