#include "cpu/weights/transposed_weights.h"

#include <algorithm>

#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

size_t TransposedSize(size_t depth, size_t panels, size_t lanes) {
  return (depth + lanes - 1) / lanes * panels * kGates * lanes * lanes;
}

template <typename T>
void TransposePanels(const T* weights, size_t depth, size_t panels,
                     size_t lanes, T* transposed) {
  const size_t square = lanes * lanes;
  for (size_t group = 0; group * lanes < depth; ++group) {
    const size_t first = group * lanes;
    const size_t count = std::min(lanes, depth - first);
    for (size_t panel = 0; panel < panels; ++panel) {
      T* const to = transposed + (group * panels + panel) * kGates * square;
      if (count < lanes) std::fill(to, to + kGates * square, T(0));
      const T* from = weights + (panel * depth + first) * kGates * lanes;
      for (size_t k = 0; k < count; ++k) {
        for (size_t gate = 0; gate < kGates; ++gate) {
          for (size_t lane = 0; lane < lanes; ++lane) {
            to[gate * square + lane * lanes + k] = from[lane];
          }
          from += lanes;
        }
      }
    }
  }
}

template void TransposePanels(const float*, size_t, size_t, size_t, float*);
template void TransposePanels(const double*, size_t, size_t, size_t, double*);

}  // namespace cudnn_gru
