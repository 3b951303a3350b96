#include "cpu/weights/transposed_weights.h"

#include <algorithm>

#include "core/float_bits.h"

namespace cudnn_gru {
namespace {

// Calls visit(place of the group in the transposed weights, gate, lane, k,
// weight) for all weights of a panel. A group is `lanes` depths, and k counts
// the depths of one.
template <typename T, typename Visit>
void ForEachWeight(const T* weights, const PackedShape& shape, size_t panel,
                   const Visit& visit) {
  for (size_t depth = 0; depth < shape.depth; ++depth) {
    const size_t group = depth / shape.lanes * shape.panels + panel;
    for (size_t gate = 0; gate < kGates; ++gate) {
      for (size_t lane = 0; lane < shape.lanes; ++lane) {
        visit(group * kGates + gate, lane, depth % shape.lanes, *weights++);
      }
    }
  }
}

// Clears what the depths of the last group do not fill.
template <typename T>
void ClearLastGroup(const PackedShape& shape, size_t panel, size_t gate_size,
                    T* transposed) {
  if (shape.depth % shape.lanes == 0) return;
  const size_t group = shape.depth / shape.lanes * shape.panels + panel;
  std::fill_n(transposed + group * kGates * gate_size, kGates * gate_size,
              T(0));
}

}  // namespace

size_t TransposedBytes(const PackedShape& shape, bool pairs, Dtype dtype) {
  const size_t lanes = shape.lanes;
  const size_t weights =
      (shape.depth + lanes - 1) / lanes * shape.panels * kGates * lanes * lanes;
  return weights * (pairs ? sizeof(uint16_t) : DtypeSize(dtype));
}

template <typename T>
void TransposePanel(const T* weights, const PackedShape& shape, size_t panel,
                    T* transposed) {
  const size_t lanes = shape.lanes;
  const size_t square = lanes * lanes;
  ClearLastGroup(shape, panel, square, transposed);
  ForEachWeight(weights, shape, panel,
                [&](size_t gate, size_t lane, size_t k, T weight) {
                  transposed[gate * square + lane * lanes + k] = weight;
                });
}

void TransposePanelToPairs(const float* weights, const PackedShape& shape,
                           size_t panel, uint32_t* transposed) {
  const size_t lanes = shape.lanes;
  const size_t size = lanes / 2 * lanes;
  ClearLastGroup(shape, panel, size, transposed);
  ForEachWeight(weights, shape, panel,
                [&](size_t gate, size_t lane, size_t k, float weight) {
                  uint32_t& pair =
                      transposed[gate * size + lane / 2 * lanes + k];
                  const uint32_t upper = BitsOf(weight) & 0xFFFF0000;
                  pair = lane % 2 == 0 ? upper : pair | upper >> 16;
                });
}

template void TransposePanel(const float*, const PackedShape&, size_t, float*);
template void TransposePanel(const double*, const PackedShape&, size_t,
                             double*);

}  // namespace cudnn_gru
