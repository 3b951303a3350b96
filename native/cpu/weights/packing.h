#ifndef CUDNN_GRU_CPU_WEIGHTS_PACKING_H_
#define CUDNN_GRU_CPU_WEIGHTS_PACKING_H_

#include <cstddef>

#include "core/gru_description.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// A matrix (depth, 3U) that is packed in panels (cpu/kernels/kernels.h). The
// reference has one panel with `units` lanes, so packing only copies.
struct PackedShape {
  size_t depth;
  size_t units;
  size_t lanes;
  size_t panels;

  // The number of elements of a panel with plain weights.
  size_t PanelSize() const { return depth * kGates * lanes; }
};

// Returns the bytes of one packed panel. `dtype` is that of plain weights.
size_t PanelBytes(const PackedShape& shape, WeightFormat format, Dtype dtype);

// Convert one panel between the matrix and plain weights. Lanes beyond U are
// zeros.
template <typename T>
void PackPanel(const T* matrix, const PackedShape& shape, size_t panel,
               T* packed);
template <typename T>
void UnpackPanel(const T* packed, const PackedShape& shape, size_t panel,
                 T* matrix);

// Convert one panel between plain weights and a format of 16 bits. Narrowing
// rounds to nearest even.
void NarrowPanel(const float* plain, const PackedShape& shape,
                 WeightFormat format, void* packed);
void WidenPanel(const void* packed, const PackedShape& shape,
                WeightFormat format, float* plain);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_WEIGHTS_PACKING_H_
