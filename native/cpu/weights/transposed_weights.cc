#include "cpu/weights/transposed_weights.h"

#include <algorithm>

namespace cudnn_gru {

size_t TransposedSize(const PackedShape& shape) {
  const size_t lanes = shape.lanes;
  return (shape.depth + lanes - 1) / lanes * shape.panels * kGates * lanes *
         lanes;
}

template <typename T>
void TransposePanel(const T* weights, const PackedShape& shape, size_t panel,
                    T* transposed) {
  const size_t lanes = shape.lanes;
  const size_t square = lanes * lanes;
  for (size_t group = 0; group * lanes < shape.depth; ++group) {
    const size_t first = group * lanes;
    const size_t count = std::min(lanes, shape.depth - first);
    T* const to = transposed + (group * shape.panels + panel) * kGates * square;
    if (count < lanes) std::fill(to, to + kGates * square, T(0));
    const T* from = weights + first * kGates * lanes;
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

template void TransposePanel(const float*, const PackedShape&, size_t, float*);
template void TransposePanel(const double*, const PackedShape&, size_t,
                             double*);

}  // namespace cudnn_gru
