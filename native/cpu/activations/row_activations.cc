#include "cpu/activations/row_activations.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace cudnn_gru {
namespace {

// Computes max(x - tau, 0) as Keras 3.15 does. Hazard: Keras's tau uses the sum
// of all partial sums over the support, where the paper (Martins and Astudillo,
// "From softmax to sparsemax", ICML 2016) uses only the last partial sum. So
// the outputs add up to 1 only when the support is a single element. This
// package follows Keras.
template <typename T>
void Sparsemax(const T* x, T* y, T* sorted, size_t n) {
  if (std::any_of(x, x + n, [](T value) { return std::isnan(value); })) {
    std::fill(y, y + n, std::numeric_limits<T>::quiet_NaN());
    return;
  }
  std::copy(x, x + n, sorted);
  std::sort(sorted, sorted + n, std::greater<T>());
  T sum = 0;
  T sums = 0;
  T support = 0;
  for (size_t k = 0; k < n; ++k) {
    sum += sorted[k];
    if (sorted[k] - (sum - T(1)) / static_cast<T>(k + 1) > T(0)) {
      sums += sum;
      support += T(1);
    }
  }
  const T tau = (sums - T(1)) / support;
  for (size_t i = 0; i < n; ++i) y[i] = std::max(x[i] - tau, T(0));
}

}  // namespace

template <typename T>
void ActivateRow(const MatrixKernels<T>& kernels, Activation kind, const T* x,
                 T* y, T* scratch, size_t n) {
  if (kind == Activation::kSoftmax) {
    kernels.softmax(x, y, scratch, n);
  } else if (kind == Activation::kLogSoftmax) {
    kernels.log_softmax(x, y, n);
  } else {
    Sparsemax(x, y, scratch, n);
  }
}

template void ActivateRow<float>(const MatrixKernels<float>&, Activation,
                                 const float*, float*, float*, size_t);
template void ActivateRow<double>(const MatrixKernels<double>&, Activation,
                                  const double*, double*, double*, size_t);

}  // namespace cudnn_gru
