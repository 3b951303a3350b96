#ifndef CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_
#define CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_

#include <cstddef>

namespace cudnn_gru {

// Returns the number of elements that TransposePanels writes.
size_t TransposedSize(size_t depth, size_t panels, size_t lanes);

// Converts packed weights [panel][depth][gate][lane] (cpu/kernels/kernels.h) to
// the layout that the backward pass multiplies by: [depth /
// lanes][panel][gate][lane] [depth % lanes], with zeros beyond `depth`.
template <typename T>
void TransposePanels(const T* weights, size_t depth, size_t panels,
                     size_t lanes, T* transposed);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_WEIGHTS_TRANSPOSED_WEIGHTS_H_
