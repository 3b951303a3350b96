#ifndef CUDNN_GRU_MODEL_MODEL_KERNELS_H_
#define CUDNN_GRU_MODEL_MODEL_KERNELS_H_

#include <cstddef>

#include "core/activation.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// The kernels that instructions compute with. They are those of an instruction
// set, or plain loops for the reference.
template <typename T>
struct ModelKernels {
  size_t lanes;  // the columns of a panel of a packed matrix
  MatrixKernels<T> matrix;
  void (*activate)(const ActivationSpec& activation, const T* x, T* y,
                   size_t n);
};

template <typename T>
ModelKernels<T> KernelsOf(const CpuIsa& isa);

// The element (k, column) of a matrix is data[k * row_stride + column *
// column_stride].
template <typename T>
struct MatrixView {
  const T* data;
  size_t row_stride;
  size_t column_stride;
};

// Copies a matrix (depth, columns) to the panels that MatrixKernels multiply
// by. `packed` has depth * PaddedColumns elements.
template <typename T>
void PackPanels(const ModelKernels<T>& kernels, const MatrixView<T>& matrix,
                size_t depth, size_t columns, T* packed);

// The number of columns of all panels.
template <typename T>
size_t PaddedColumns(const ModelKernels<T>& kernels, size_t columns) {
  return (columns + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
}

// Rows of elements that lie one after the other.
struct RowShape {
  size_t rows;
  size_t columns;
};

// Applies an activation to rows. softmax, log_softmax and sparsemax are over
// each row. y may be x. `scratch` has ActivationScratch elements.
template <typename T>
void ActivateRows(const ModelKernels<T>& kernels,
                  const ActivationSpec& activation, const RowShape& shape,
                  const T* x, T* y, T* scratch);

// The number of elements of scratch memory that ActivateRows needs.
size_t ActivationScratch(const ActivationSpec& activation, size_t columns);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_MODEL_KERNELS_H_
