#ifndef CUDNN_GRU_CPU_REFERENCE_REFERENCE_ACTIVATIONS_H_
#define CUDNN_GRU_CPU_REFERENCE_REFERENCE_ACTIVATIONS_H_

#include <vector>

#include "core/activation.h"

namespace cudnn_gru {

// Keras's activations in the plainest form, with libm. The scalar reference
// uses them, and the vector kernels are tested against them.

// Computes an elementwise activation. T is float or double, so that floats
// overflow where Keras's do.
template <typename T>
T ActivateReference(const ActivationSpec& activation, T x);

// Computes softmax, log_softmax or sparsemax of one row.
std::vector<double> ActivateRowReference(const ActivationSpec& activation,
                                         const std::vector<double>& x);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_REFERENCE_REFERENCE_ACTIVATIONS_H_
