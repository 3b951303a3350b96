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

// One row through an activation that works on whole rows. Every array has n
// elements, and dx is none of the others.
template <typename T>
struct RowGradient {
  const T* x;
  const T* y;   // the activation of x
  const T* dy;  // the gradient of y
  T* dx;        // where the gradient of x goes
  size_t n;
};

// Computes dx for softmax, log_softmax and sparsemax. A row with a NaN becomes
// NaN throughout. `order` is scratch for n elements.
template <typename T>
void RowActivationGradient(Activation kind, const RowGradient<T>& row,
                           size_t* order);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_ACTIVATIONS_ACTIVATION_DERIVATIVES_H_
