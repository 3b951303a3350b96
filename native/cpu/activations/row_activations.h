#ifndef CUDNN_GRU_CPU_ACTIVATIONS_ROW_ACTIVATIONS_H_
#define CUDNN_GRU_CPU_ACTIVATIONS_ROW_ACTIVATIONS_H_

#include <cstddef>

#include "core/activation.h"

namespace cudnn_gru {

// Computes softmax, log_softmax or sparsemax over the n elements of one row.
// Sums always have the same order. y may not be x. When the row contains a NaN,
// all results are NaN. `sorted` is scratch for n elements.
template <typename T>
void ActivateRow(Activation kind, const T* x, T* y, T* sorted, size_t n);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_ACTIVATIONS_ROW_ACTIVATIONS_H_
