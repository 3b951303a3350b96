#ifndef CUDNN_GRU_CPU_ACTIVATIONS_ROW_ACTIVATIONS_H_
#define CUDNN_GRU_CPU_ACTIVATIONS_ROW_ACTIVATIONS_H_

#include <cstddef>

#include "core/activation.h"
#include "cpu/kernels/matrix_kernels.h"

namespace cudnn_gru {

// Computes softmax, log_softmax or sparsemax over the n elements of one row.
// Sums have an order that depends on n alone. y may be x. When the row contains
// a NaN, all results are NaN. `scratch` has n elements.
template <typename T>
void ActivateRow(const MatrixKernels<T>& kernels, Activation kind, const T* x,
                 T* y, T* scratch, size_t n);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_ACTIVATIONS_ROW_ACTIVATIONS_H_
