#ifndef CUDNN_GRU_CPU_ACTIVATIONS_ACTIVATION_DERIVATIVES_H_
#define CUDNN_GRU_CPU_ACTIVATIONS_ACTIVATION_DERIVATIVES_H_

#include <cstddef>

#include "core/activation.h"

namespace cudnn_gru {

// The derivatives of Keras's activations. They are TensorFlow's, also at kinks
// and for NaN and infinities. The code is plain and uses libm in double.

// Returns the derivative of an elementwise activation at x. T is float or
// double. Like TensorFlow, this compares x with kinks in T.
template <typename T>
double ActivationDerivative(const ActivationSpec& activation, T x);

// The arrays of one row, for an activation that works on whole rows. Every
// array has n elements, and dx may not be one of the others.
template <typename T>
struct RowGradient {
  const T* x;
  const T* y;   // the activation of x
  const T* dy;  // the gradient of y
  T* dx;        // receives the gradient of x
  size_t n;
};

// Computes dx for softmax, log_softmax or sparsemax. When the row contains a
// NaN, all results are NaN. `order` is scratch for n elements.
template <typename T>
void RowActivationGradient(Activation kind, const RowGradient<T>& row,
                           size_t* order);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_ACTIVATIONS_ACTIVATION_DERIVATIVES_H_
