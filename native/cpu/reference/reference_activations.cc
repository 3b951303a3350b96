#include "cpu/reference/reference_activations.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

namespace cudnn_gru {
namespace {

double Softplus(double x) {
  return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

double Clip(double x, double low, double high) {
  if (std::isnan(x)) return x;
  return x < low ? low : x > high ? high : x;
}

double HardSigmoid(double x) { return Clip(x + 3.0, 0.0, 6.0) / 6.0; }

// keras.activations.relu, with the parameters negative_slope, max_value and
// threshold. Keras casts the threshold it compares with and the limit to float.
double Relu(const double* parameters, double x) {
  const double slope = parameters[0];
  const double threshold = parameters[2];
  const bool limited = std::isfinite(parameters[1]);
  if (slope != 0 && !limited && threshold == 0) {
    // TensorFlow's operation stores the slope as a float.
    return x < 0.0 ? static_cast<double>(static_cast<float>(slope)) * x : x;
  }
  const double start = static_cast<float>(threshold);
  double kept = threshold == 0 ? (x < 0.0 ? 0.0 : x) : x > start ? x : 0.0;
  if (limited) kept = Clip(kept, 0.0, static_cast<float>(parameters[1]));
  if (slope == 0) return kept;
  const double below = threshold - x;
  return kept - slope * (below < 0.0 ? 0.0 : below);
}

// Writes softmax(x) to y and returns log(sum of exp(x)).
double Exponentials(const std::vector<double>& x, std::vector<double>* y) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    (*y)[i] = std::exp(x[i] - largest);
    sum += (*y)[i];
  }
  for (double& value : *y) value /= sum;
  return std::log(sum) + largest;
}

// Keras's sparsemax with Keras's tau, which row_activations.cc explains.
void Sparsemax(const std::vector<double>& x, std::vector<double>* y) {
  std::vector<double> sorted = x;
  std::sort(sorted.begin(), sorted.end(), std::greater<double>());
  double sum = 0.0;
  double sums = 0.0;
  double support = 0.0;
  for (size_t k = 0; k < sorted.size(); ++k) {
    sum += sorted[k];
    if (sorted[k] - (sum - 1.0) / static_cast<double>(k + 1) > 0.0) {
      sums += sum;
      support += 1.0;
    }
  }
  const double tau = (sums - 1.0) / support;
  for (size_t i = 0; i < x.size(); ++i) (*y)[i] = std::fmax(x[i] - tau, 0.0);
}

// The activations of the ReLU family.
template <typename T>
T Rectifier(const ActivationSpec& activation, T x) {
  const T parameter = static_cast<T>(activation.parameters[0]);
  switch (activation.kind) {
    case Activation::kRelu:
      return static_cast<T>(Relu(activation.parameters, x));
    case Activation::kLeakyRelu:
      // TensorFlow's operation stores the slope as a float.
      return x < 0.0 ? static_cast<double>(static_cast<float>(parameter)) * x
                     : x;
    case Activation::kRelu6:
      return Clip(x, 0.0, 6.0);
    case Activation::kCelu:
      return x < 0.0 ? parameter * std::expm1(x / parameter) : x;
    case Activation::kElu:
      return x < 0.0 ? parameter * std::expm1(x) : x;
    case Activation::kSelu: {
      const double scale = 1.0507009873554804934193349852946;
      const double alpha = 1.6732632423543772848170429916717;
      return x < 0.0 ? scale * alpha * std::expm1(x) : scale * x;
    }
    default:
      return x;
  }
}

// The piecewise linear activations that are not of the ReLU family.
template <typename T>
T PiecewiseLinear(const ActivationSpec& activation, T x) {
  const T parameter = static_cast<T>(activation.parameters[0]);
  switch (activation.kind) {
    case Activation::kSoftShrink:
      return x > parameter    ? x - parameter
             : x < -parameter ? x + parameter
                              : 0.0;
    case Activation::kSparseSigmoid:
      return Clip(0.5 * (x + 1.0), 0.0, 1.0);
    case Activation::kHardTanh:
      return Clip(x, -1.0, 1.0);
    case Activation::kHardShrink:
      return std::fabs(x) > parameter ? x : 0.0;
    case Activation::kLinear:
      return x;
    case Activation::kThreshold:
      return x > parameter ? x : static_cast<T>(activation.parameters[1]);
    case Activation::kKeras2HardSigmoid:
      return Clip(0.2 * x + 0.5, 0.0, 1.0);
    default:
      return x;
  }
}

}  // namespace

template <typename T>
T ActivateReference(const ActivationSpec& activation, T x) {
  const T parameter = static_cast<T>(activation.parameters[0]);
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
    case Activation::kHardTanh:
    case Activation::kHardShrink:
    case Activation::kLinear:
    case Activation::kThreshold:
    case Activation::kKeras2HardSigmoid:
      return PiecewiseLinear(activation, x);
    case Activation::kSoftplus:
      return std::isnan(x) ? x : Softplus(x);
    case Activation::kSoftsign:
      return x / (1.0 + std::fabs(x));
    case Activation::kSquareplus:
      return (x + std::sqrt(x * x + parameter)) / 2.0;
    case Activation::kSparsePlus:
      return x <= -1.0 ? 0.0 : x < 1.0 ? 0.25 * (x + 1.0) * (x + 1.0) : x;
    case Activation::kSilu:
      return x / (1.0 + std::exp(-x));
    case Activation::kGelu:
      // TensorFlow's constant is a float.
      return 0.5 * x *
             std::erfc(-x * static_cast<double>(0.70710678118654752440f));
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kTanhShrink:
      return x - std::tanh(x);
    case Activation::kSigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case Activation::kExponential:
      return std::exp(x);
    case Activation::kHardSigmoid:
      return HardSigmoid(x);
    case Activation::kHardSilu:
      return x * HardSigmoid(x);
    case Activation::kMish:
      return x * std::tanh(std::isnan(x) ? x : Softplus(x));
    case Activation::kLogSigmoid:
      return std::isnan(x) ? x : -Softplus(-x);
    case Activation::kSoftmax:
    case Activation::kLogSoftmax:
    case Activation::kSparsemax:
    case Activation::kCustom:
      break;  // These are not elementwise.
  }
  return x;
}

template float ActivateReference<float>(const ActivationSpec&, float);
template double ActivateReference<double>(const ActivationSpec&, double);

std::vector<double> ActivateRowReference(const ActivationSpec& activation,
                                         const std::vector<double>& x) {
  std::vector<double> y(x.size());
  if (std::any_of(x.begin(), x.end(), [](double v) { return std::isnan(v); })) {
    std::fill(y.begin(), y.end(), std::numeric_limits<double>::quiet_NaN());
    return y;
  }
  if (activation.kind == Activation::kSparsemax) {
    Sparsemax(x, &y);
    return y;
  }
  const double normaliser = Exponentials(x, &y);
  if (activation.kind == Activation::kLogSoftmax) {
    for (size_t i = 0; i < x.size(); ++i) y[i] = x[i] - normaliser;
  }
  return y;
}

}  // namespace cudnn_gru
