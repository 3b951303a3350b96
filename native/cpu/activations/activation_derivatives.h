#ifndef CUDNN_GRU_CPU_ACTIVATIONS_ACTIVATION_DERIVATIVES_H_
#define CUDNN_GRU_CPU_ACTIVATIONS_ACTIVATION_DERIVATIVES_H_

#include <cstddef>

#include "core/activation.h"

namespace cudnn_gru {

// Derivatives of Keras's activations as TensorFlow has them, at kinks and for
// NaN and infinities too. They are written down plainly, with libm in double.

// The derivative at x of an elementwise one. T is float or double: comparisons
// with kinks are made in it, as TensorFlow makes them.
template <typename T>
double ActivationDerivative(const ActivationSpec& activation, T x);

// The gradient dx in x of sum(dy * y), where y is softmax, log_softmax or
// sparsemax of x, over the n elements of one row. dx is none of the others. A
// row with a NaN becomes NaN throughout. `order` is scratch for n elements.
template <typename T>
void RowActivationGradient(Activation kind, const T* x, const T* y, const T* dy,
                           T* dx, size_t* order, size_t n);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_ACTIVATIONS_ACTIVATION_DERIVATIVES_H_
