#include "cpu/activations/activation_derivatives.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace cudnn_gru {
namespace {

double Sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

double Step(bool inside) { return inside ? 1.0 : 0.0; }

// Of keras.activations.relu; see Relu in reference_activations.cc.
template <typename T>
double Relu(const double* parameters, T x) {
  const double slope = parameters[0];
  const bool limited = std::isfinite(parameters[1]);
  const double threshold = parameters[2];
  if (slope != 0 && !limited && threshold == 0) {
    return x > T(0) ? 1.0 : static_cast<double>(static_cast<float>(slope));
  }
  const T start = static_cast<T>(static_cast<float>(threshold));
  const T limit = static_cast<T>(static_cast<float>(parameters[1]));
  double derivative = 0.0;
  if (threshold == 0 && limited && parameters[1] == 6.0) {
    derivative = Step(x > T(0) && x < T(6));
  } else if (!limited) {
    derivative = Step(x > start);
  } else if (x > start) {
    // Of the clip, which passes gradients at both of its ends.
    derivative = Step(x >= T(0) && x <= limit);
  }
  if (slope != 0) {
    derivative += slope * Step(static_cast<T>(threshold) - x > T(0));
  }
  return derivative;
}

// Both halves of Keras's celu count at 0: its derivative there is 2.
template <typename T>
double Celu(double alpha, T x) {
  return Step(x >= T(0)) +
         (x <= T(0) ? std::exp(static_cast<double>(x) / alpha) : 0.0);
}

double Gelu(double x) {
  // TensorFlow's constant is a float.
  const double scale = static_cast<double>(0.70710678118654752440f);
  const double slope = 1.1283791670955125739;  // 2 / sqrt(pi)
  const double scaled = scale * x;
  return 0.5 * std::erfc(-scaled) +
         0.5 * x * scale * slope * std::exp(-scaled * scaled);
}

double Mish(double x) {
  const double softplus =
      std::isnan(x) ? x
                    : std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
  const double tanh = std::tanh(softplus);
  return tanh + x * (1.0 - tanh * tanh) * Sigmoid(x);
}

// Keras's sparsemax (row_activations.cc): tau depends on the partial sums over
// the support, and so on the k-th largest element once for each sum it is in.
template <typename T>
void Sparsemax(const T* x, const T* dy, T* dx, size_t* order, size_t n) {
  std::iota(order, order + n, size_t{0});
  std::stable_sort(order, order + n,
                   [x](size_t a, size_t b) { return x[a] > x[b]; });
  T sum = 0;
  T sums = 0;
  T support = 0;
  const auto supports = [&](size_t k) {
    return x[order[k]] - (sum - T(1)) / static_cast<T>(k + 1) > T(0);
  };
  for (size_t k = 0; k < n; ++k) {
    sum += x[order[k]];
    if (!supports(k)) continue;
    sums += sum;
    support += T(1);
  }
  const T tau = (sums - T(1)) / support;
  T d_tau = 0;
  for (size_t i = 0; i < n; ++i) {
    dx[i] = x[i] - tau >= T(0) ? dy[i] : T(0);
    d_tau -= dx[i];
  }
  // How many of the partial sums over the support element k is in: those of
  // itself and the smaller ones. The sums are taken again, backwards.
  T sums_with = support;
  sum = 0;
  for (size_t k = 0; k < n; ++k) {
    sum += x[order[k]];
    dx[order[k]] += d_tau / support * sums_with;
    if (supports(k)) sums_with -= T(1);
  }
}

}  // namespace

template <typename T>
double ActivationDerivative(const ActivationSpec& activation, T x) {
  const T parameter = static_cast<T>(activation.parameters[0]);
  const double wide = static_cast<double>(x);
  switch (activation.kind) {
    case Activation::kRelu:
      return Relu(activation.parameters, x);
    case Activation::kLeakyRelu:
      // TensorFlow's operation holds the slope as a float.
      return x > T(0) ? 1.0
                      : static_cast<double>(static_cast<float>(parameter));
    case Activation::kRelu6:
      return Step(x > T(0) && x < T(6));
    case Activation::kCelu:
      return Celu(static_cast<double>(parameter), x);
    case Activation::kElu:
      return (x > T(0) ? 1.0 : static_cast<double>(parameter)) *
             (x < T(0) ? std::exp(wide) : 1.0);
    case Activation::kSelu: {
      const double scale = 1.0507009873554804934193349852946;
      const double alpha = 1.6732632423543772848170429916717;
      return x < T(0) ? scale * alpha * std::exp(wide) : scale;
    }
    case Activation::kSoftplus:
      return Sigmoid(wide);
    case Activation::kSoftsign: {
      const double scale = 1.0 + std::fabs(wide);
      return 1.0 / (scale * scale);
    }
    case Activation::kSquareplus:
      return 0.5 * (1.0 + wide / std::sqrt(wide * wide +
                                           static_cast<double>(parameter)));
    case Activation::kSoftShrink:
      return Step(x > parameter || x < -parameter);
    case Activation::kSparsePlus:
      // The curve counts for nothing outside of it, unless it is infinite.
      return 0.5 * (wide + 1.0) * Step(x > T(-1) && x < T(1)) + Step(x >= T(1));
    case Activation::kSilu: {
      const double sigmoid = Sigmoid(wide);
      return sigmoid * (1.0 + wide * (1.0 - sigmoid));
    }
    case Activation::kGelu:
      return Gelu(wide);
    case Activation::kTanh: {
      const double tanh = std::tanh(wide);
      return 1.0 - tanh * tanh;
    }
    case Activation::kTanhShrink: {
      const double tanh = std::tanh(wide);
      return tanh * tanh;
    }
    case Activation::kSigmoid: {
      const double sigmoid = Sigmoid(wide);
      return sigmoid * (1.0 - sigmoid);
    }
    case Activation::kSparseSigmoid:
      return x <= T(-1) || x >= T(1) ? 0.0 : 0.5;
    case Activation::kExponential:
      return std::exp(wide);
    case Activation::kHardSigmoid:
      return Step(x + T(3) > T(0) && x + T(3) < T(6)) / 6.0;
    case Activation::kHardSilu: {
      const double shifted = static_cast<double>(x + T(3));
      const double held = shifted < 0.0 ? 0.0 : shifted > 6.0 ? 6.0 : shifted;
      return held / 6.0 + wide * Step(shifted > 0.0 && shifted < 6.0) / 6.0;
    }
    case Activation::kHardTanh:
      return Step(x >= T(-1) && x <= T(1));
    case Activation::kHardShrink:
      return Step(std::fabs(x) > parameter);
    case Activation::kLinear:
      return 1.0;
    case Activation::kMish:
      return Mish(wide);
    case Activation::kLogSigmoid:
      return Sigmoid(-wide);
    case Activation::kThreshold:
      return Step(x > parameter);
    case Activation::kKeras2HardSigmoid: {
      const T line = static_cast<T>(0.2) * x + static_cast<T>(0.5);
      return line >= T(0) && line <= T(1) ? 0.2 : 0.0;
    }
    case Activation::kSoftmax:
    case Activation::kLogSoftmax:
    case Activation::kSparsemax:
    case Activation::kCustom:
      break;  // not elementwise
  }
  return 1.0;
}

template double ActivationDerivative<float>(const ActivationSpec&, float);
template double ActivationDerivative<double>(const ActivationSpec&, double);

template <typename T>
void RowActivationGradient(Activation kind, const RowGradient<T>& row,
                           size_t* order) {
  const auto [x, y, dy, dx, n] = row;
  if (std::any_of(x, x + n, [](T value) { return std::isnan(value); })) {
    std::fill(dx, dx + n, std::numeric_limits<T>::quiet_NaN());
    return;
  }
  if (kind == Activation::kSparsemax) {
    Sparsemax(x, dy, dx, order, n);
    return;
  }
  T sum = 0;
  if (kind == Activation::kSoftmax) {
    for (size_t i = 0; i < n; ++i) sum += dy[i] * y[i];
    for (size_t i = 0; i < n; ++i) dx[i] = (dy[i] - sum) * y[i];
  } else {
    for (size_t i = 0; i < n; ++i) sum += dy[i];
    for (size_t i = 0; i < n; ++i) dx[i] = dy[i] - sum * std::exp(y[i]);
  }
}

template void RowActivationGradient(Activation, const RowGradient<float>&,
                                    size_t*);
template void RowActivationGradient(Activation, const RowGradient<double>&,
                                    size_t*);

}  // namespace cudnn_gru
