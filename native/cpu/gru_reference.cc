#include "cpu/gru_reference.h"

#include <algorithm>
#include <cmath>
#include <new>
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

template <typename T>
class Reference {
 public:
  Reference(const CpuWeights& weights, const GruCall& call)
      : weights_(weights),
        description_(weights.description()),
        call_(call),
        units_(description_.units),
        features_(description_.features) {}

  void Row(size_t row) {
    std::vector<T> state(units_, T(0));
    if (call_.initial_state != nullptr) {
      const T* initial =
          static_cast<const T*>(call_.initial_state) + row * units_;
      state.assign(initial, initial + units_);
    }
    std::vector<T> output(units_, T(0));
    const std::vector<T> zeros(units_, T(0));
    bool masked = false;
    for (size_t step = 0; step < call_.timesteps; ++step) {
      const size_t t = call_.go_backwards ? call_.timesteps - 1 - step : step;
      masked = !Unmasked(row, t);
      if (!masked) {
        state = Cell(row, t, state);
        output = state;
      }
      if (call_.return_sequences) {
        Write(masked && call_.zero_output_for_mask ? zeros : output,
              call_.output, row * call_.timesteps + step);
      }
    }
    if (!call_.return_sequences) {
      Write(masked && call_.zero_output_for_mask ? zeros : output, call_.output,
            row);
    }
    Write(state, call_.state, row);
  }

 private:
  bool Unmasked(size_t row, size_t t) const {
    if (call_.mask != nullptr) {
      return call_.mask[row * call_.timesteps + t] != 0;
    }
    if (call_.lengths != nullptr) {
      return t < static_cast<size_t>(call_.lengths[row]);
    }
    return true;
  }

  void Write(const std::vector<T>& values, void* tensor, size_t row) const {
    std::copy(values.begin(), values.end(),
              static_cast<T*>(tensor) + row * units_);
  }

  // Row `row` of `values`, times the gate's dropout mask if there is one.
  static std::vector<double> Dropped(const T* values, size_t width,
                                     const void* masks, size_t mask_count,
                                     size_t gate, size_t batch, size_t row) {
    std::vector<double> dropped(values, values + width);
    if (masks == nullptr) return dropped;
    const size_t mask = mask_count == 1 ? 0 : gate;
    const T* keep = static_cast<const T*>(masks) + (mask * batch + row) * width;
    for (size_t i = 0; i < width; ++i) {
      dropped[i] *= static_cast<double>(keep[i]);
    }
    return dropped;
  }

  // `vector` times one column of the gate's part of a (depth, 3U) matrix.
  double Column(const std::vector<double>& vector, const T* matrix, size_t gate,
                size_t unit) const {
    double sum = 0.0;
    for (size_t k = 0; k < vector.size(); ++k) {
      sum += vector[k] *
             static_cast<double>(matrix[(k * 3 + gate) * units_ + unit]);
    }
    return sum;
  }

  std::vector<T> Cell(size_t row, size_t t, const std::vector<T>& state) const {
    const T* x = static_cast<const T*>(call_.inputs) +
                 (row * call_.timesteps + t) * features_;
    const T* recurrent = weights_.recurrent_kernel<T>();
    std::vector<double> hidden[3];
    std::vector<double> input_part[3], recurrent_part[3];
    for (size_t gate = 0; gate < 3; ++gate) {
      const std::vector<double> input =
          Dropped(x, features_, call_.input_dropout, call_.input_dropout_masks,
                  gate, call_.batch, row);
      hidden[gate] = Dropped(state.data(), units_, call_.recurrent_dropout, 3,
                             gate, call_.batch, row);
      for (size_t unit = 0; unit < units_; ++unit) {
        const size_t column = gate * units_ + unit;
        input_part[gate].push_back(
            Column(input, weights_.kernel<T>(), gate, unit) +
            static_cast<double>(weights_.input_bias<T>()[column]));
        recurrent_part[gate].push_back(
            Column(hidden[gate], recurrent, gate, unit) +
            static_cast<double>(weights_.recurrent_bias<T>()[column]));
      }
    }
    const auto activate = [](const ActivationSpec& activation, double x) {
      return static_cast<double>(
          ActivateReference<T>(activation, static_cast<T>(x)));
    };
    std::vector<double> z(units_), r(units_), reset(units_);
    for (size_t unit = 0; unit < units_; ++unit) {
      z[unit] = activate(description_.recurrent_activation,
                         input_part[0][unit] + recurrent_part[0][unit]);
      r[unit] = activate(description_.recurrent_activation,
                         input_part[1][unit] + recurrent_part[1][unit]);
      reset[unit] = r[unit] * hidden[2][unit];
    }
    std::vector<T> next(units_);
    for (size_t unit = 0; unit < units_; ++unit) {
      const double inner = description_.reset_after
                               ? r[unit] * recurrent_part[2][unit]
                               : Column(reset, recurrent, 2, unit);
      const double candidate =
          activate(description_.activation, input_part[2][unit] + inner);
      next[unit] = static_cast<T>(z[unit] * static_cast<double>(state[unit]) +
                                  (1.0 - z[unit]) * candidate);
    }
    return next;
  }

  const CpuWeights& weights_;
  const GruDescription& description_;
  const GruCall& call_;
  const size_t units_;
  const size_t features_;
};

template <typename T>
Status Run(const CpuWeights& weights, const GruCall& call,
           const Cancellation* cancellation) {
  Reference<T> reference(weights, call);
  for (size_t row = 0; row < call.batch; ++row) {
    if (cancellation != nullptr && cancellation->requested()) {
      return Status(StatusCode::kAborted, "The call was aborted");
    }
    reference.Row(row);
  }
  return Status();
}

}  // namespace

template <typename T>
T ActivateReference(const ActivationSpec& activation, T x) {
  const T parameter = static_cast<T>(activation.parameter);
  switch (activation.kind) {
    case Activation::kRelu:
      return x < 0.0 ? 0.0 : x;
    case Activation::kLeakyRelu:
      // TensorFlow's operation holds the slope as a float.
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
    case Activation::kSoftplus:
      return std::isnan(x) ? x : Softplus(x);
    case Activation::kSoftsign:
      return x / (1.0 + std::fabs(x));
    case Activation::kSquareplus:
      return (x + std::sqrt(x * x + parameter)) / 2.0;
    case Activation::kSoftShrink:
      return x > parameter    ? x - parameter
             : x < -parameter ? x + parameter
                              : 0.0;
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
    case Activation::kSparseSigmoid:
      return Clip(0.5 * (x + 1.0), 0.0, 1.0);
    case Activation::kExponential:
      return std::exp(x);
    case Activation::kHardSigmoid:
      return HardSigmoid(x);
    case Activation::kHardSilu:
      return x * HardSigmoid(x);
    case Activation::kHardTanh:
      return Clip(x, -1.0, 1.0);
    case Activation::kHardShrink:
      return std::fabs(x) > parameter ? x : 0.0;
    case Activation::kLinear:
      return x;
    case Activation::kMish:
      return x * std::tanh(std::isnan(x) ? x : Softplus(x));
    case Activation::kLogSigmoid:
      return std::isnan(x) ? x : -Softplus(-x);
  }
  return x;
}

template float ActivateReference<float>(const ActivationSpec&, float);
template double ActivateReference<double>(const ActivationSpec&, double);

Status ForwardReference(const CpuWeights& weights, const GruCall& call,
                        const Cancellation* cancellation) {
  try {
    return weights.description().dtype == Dtype::kFloat32
               ? Run<float>(weights, call, cancellation)
               : Run<double>(weights, call, cancellation);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory,
                  "The system has no memory for the reference computation");
  }
}

}  // namespace cudnn_gru
