#include "cpu/activations/activation_derivatives.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/portable_math.h"

namespace cudnn_gru {
namespace {

double Sigmoid(double x) { return 1.0 / (1.0 + PortableExp(-x)); }

// Returns 1 for a condition that holds, else 0.
double Indicator(bool condition) { return condition ? 1.0 : 0.0; }

// The derivative of keras.activations.relu; see Relu in
// reference_activations.cc.
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
    derivative = Indicator(x > T(0) && x < T(6));
  } else if (!limited) {
    derivative = Indicator(x > start);
  } else if (x > start) {
    // Clipping passes the gradient at both ends of its range.
    derivative = Indicator(x >= T(0) && x <= limit);
  }
  if (slope != 0) {
    derivative += slope * Indicator(static_cast<T>(threshold) - x > T(0));
  }
  return derivative;
}

// Keras's celu is a sum of two parts that both have slope 1 at 0, so its
// derivative there is 2.
template <typename T>
double Celu(double alpha, T x) {
  return Indicator(x >= T(0)) +
         (x <= T(0) ? PortableExp(static_cast<double>(x) / alpha) : 0.0);
}

double Tanh(double x) {
  const double tanh = PortableTanh(x);
  return 1.0 - tanh * tanh;
}

double SigmoidDerivative(double x) {
  const double sigmoid = Sigmoid(x);
  return sigmoid * (1.0 - sigmoid);
}

double Softsign(double x) {
  const double scale = 1.0 + std::fabs(x);
  return 1.0 / (scale * scale);
}

double Silu(double x) {
  const double sigmoid = Sigmoid(x);
  return sigmoid * (1.0 + x * (1.0 - sigmoid));
}

template <typename T>
double HardSilu(T x) {
  const double shifted = static_cast<double>(x + T(3));
  const double held = shifted < 0.0 ? 0.0 : shifted > 6.0 ? 6.0 : shifted;
  return held / 6.0 + static_cast<double>(x) *
                          Indicator(shifted > 0.0 && shifted < 6.0) / 6.0;
}

double Gelu(double x) {
  // TensorFlow's constant is a float.
  const double scale = static_cast<double>(0.70710678118654752440f);
  const double slope = 1.1283791670955125739;  // 2 / sqrt(pi)
  const double scaled = scale * x;
  return 0.5 * PortableErfc(-scaled) +
         0.5 * x * scale * slope * PortableExp(-scaled * scaled);
}

double Mish(double x) {
  const double softplus =
      std::isnan(x)
          ? x
          : std::fmax(x, 0.0) + PortableLog1p(PortableExp(-std::fabs(x)));
  const double tanh = PortableTanh(softplus);
  return tanh + x * (1.0 - tanh * tanh) * Sigmoid(x);
}

// The gradient of Keras's sparsemax (row_activations.cc). tau depends on the
// sum of the partial sums over the support, so it depends on the k-th largest
// element once for each partial sum that contains it.
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
  // The number of partial sums that contain element k: those that end at it or
  // at a smaller element of the support. Whether an element supports is found
  // by computing the sums again.
  T sums_with = support;
  sum = 0;
  for (size_t k = 0; k < n; ++k) {
    sum += x[order[k]];
    dx[order[k]] += d_tau / support * sums_with;
    if (supports(k)) sums_with -= T(1);
  }
}

// The derivatives of the ReLU family.
template <typename T>
double Rectifier(const ActivationSpec& activation, T x) {
  const T parameter = static_cast<T>(activation.parameters[0]);
  const double wide = static_cast<double>(x);
  switch (activation.kind) {
    case Activation::kRelu:
      return Relu(activation.parameters, x);
    case Activation::kLeakyRelu:
      // TensorFlow's operation stores the slope as a float.
      return x > T(0) ? 1.0
                      : static_cast<double>(static_cast<float>(parameter));
    case Activation::kRelu6:
      return Indicator(x > T(0) && x < T(6));
    case Activation::kCelu:
      return Celu(static_cast<double>(parameter), x);
    case Activation::kElu:
      return (x > T(0) ? 1.0 : static_cast<double>(parameter)) *
             (x < T(0) ? PortableExp(wide) : 1.0);
    case Activation::kSelu: {
      const double scale = 1.0507009873554804934193349852946;
      const double alpha = 1.6732632423543772848170429916717;
      return x < T(0) ? scale * alpha * PortableExp(wide) : scale;
    }
    default:
      return 1.0;
  }
}

// The derivatives of the piecewise linear activations that are not of the ReLU
// family.
template <typename T>
double PiecewiseLinear(const ActivationSpec& activation, T x) {
  const T parameter = static_cast<T>(activation.parameters[0]);
  switch (activation.kind) {
    case Activation::kSoftShrink:
      return Indicator(x > parameter || x < -parameter);
    case Activation::kSparseSigmoid:
      return x <= T(-1) || x >= T(1) ? 0.0 : 0.5;
    case Activation::kHardSigmoid:
      return Indicator(x + T(3) > T(0) && x + T(3) < T(6)) / 6.0;
    case Activation::kHardTanh:
      return Indicator(x >= T(-1) && x <= T(1));
    case Activation::kHardShrink:
      return Indicator(std::fabs(x) > parameter);
    case Activation::kLinear:
      return 1.0;
    case Activation::kThreshold:
      return Indicator(x > parameter);
    case Activation::kKeras2HardSigmoid: {
      const T line = static_cast<T>(0.2) * x + static_cast<T>(0.5);
      return line >= T(0) && line <= T(1) ? 0.2 : 0.0;
    }
    default:
      return 1.0;
  }
}

}  // namespace

template <typename T>
double ActivationDerivative(const ActivationSpec& activation, T x) {
  const T parameter = static_cast<T>(activation.parameters[0]);
  const double wide = static_cast<double>(x);
  switch (activation.kind) {
    case Activation::kRelu:
    case Activation::kLeakyRelu:
    case Activation::kRelu6:
    case Activation::kCelu:
    case Activation::kElu:
    case Activation::kSelu:
      return Rectifier(activation, x);
    case Activation::kSoftShrink:
    case Activation::kSparseSigmoid:
    case Activation::kHardSigmoid:
    case Activation::kHardTanh:
    case Activation::kHardShrink:
    case Activation::kLinear:
    case Activation::kThreshold:
    case Activation::kKeras2HardSigmoid:
      return PiecewiseLinear(activation, x);
    case Activation::kSoftplus:
      return Sigmoid(wide);
    case Activation::kSoftsign:
      return Softsign(wide);
    case Activation::kSquareplus:
      return 0.5 * (1.0 + wide / std::sqrt(wide * wide +
                                           static_cast<double>(parameter)));
    case Activation::kSparsePlus:
      // Outside of the curve's range its part is 0, or NaN when x is infinite.
      return 0.5 * (wide + 1.0) * Indicator(x > T(-1) && x < T(1)) +
             Indicator(x >= T(1));
    case Activation::kSilu:
      return Silu(wide);
    case Activation::kGelu:
      return Gelu(wide);
    case Activation::kTanh:
      return Tanh(wide);
    case Activation::kTanhShrink: {
      const double tanh = PortableTanh(wide);
      return tanh * tanh;
    }
    case Activation::kSigmoid:
      return SigmoidDerivative(wide);
    case Activation::kExponential:
      return PortableExp(wide);
    case Activation::kHardSilu:
      return HardSilu(x);
    case Activation::kMish:
      return Mish(wide);
    case Activation::kLogSigmoid:
      return Sigmoid(-wide);
    case Activation::kSoftmax:
    case Activation::kLogSoftmax:
    case Activation::kSparsemax:
    case Activation::kCustom:
      break;  // These are not elementwise.
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
    for (size_t i = 0; i < n; ++i) dx[i] = dy[i] - sum * PortableExp(y[i]);
  }
}

template void RowActivationGradient(Activation, const RowGradient<float>&,
                                    size_t*);
template void RowActivationGradient(Activation, const RowGradient<double>&,
                                    size_t*);

}  // namespace cudnn_gru
