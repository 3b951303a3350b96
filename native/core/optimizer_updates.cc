#include "core/optimizer_updates.h"

#include <cmath>

namespace cudnn_gru {

template <typename T>
double SquareSum(const T* values, size_t n) {
  // Two vectors of any instruction set hold at most so many values.
  constexpr size_t kChains = 16;
  double sums[kChains] = {};
  size_t i = 0;
  for (; i + kChains <= n; i += kChains) {
    for (size_t j = 0; j < kChains; ++j) {
      const double value = static_cast<double>(values[i + j]);
      sums[j] += value * value;
    }
  }
  for (; i < n; ++i) {
    const double value = static_cast<double>(values[i]);
    sums[i % kChains] += value * value;
  }
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

template <typename T>
size_t FirstNonFinite(const T* values, size_t n, NonFinite kind) {
  for (size_t i = 0; i < n; ++i) {
    if (kind == NonFinite::kNaN ? std::isnan(values[i])
                                : !std::isfinite(values[i])) {
      return i;
    }
  }
  return n;
}

template <typename T>
void Rescale(T* out, const T* values, size_t n, T factor, T divisor) {
  for (size_t i = 0; i < n; ++i) out[i] = values[i] * factor / divisor;
}

template <typename T>
void ClipValues(T* out, const T* values, size_t n, T limit) {
  for (size_t i = 0; i < n; ++i) {
    const T value = values[i];
    const T below = value > limit ? limit : value;
    out[i] = below < -limit ? -limit : below;
  }
}

template <typename T>
void AddAndDivide(T* out, const T* a, const T* b, size_t n, T divisor) {
  for (size_t i = 0; i < n; ++i) out[i] = (a[i] + b[i]) / divisor;
}

template <typename T>
void DecayWeights(T* weights, size_t n, T decay, T learning_rate) {
  for (size_t i = 0; i < n; ++i) {
    weights[i] -= weights[i] * decay * learning_rate;
  }
}

template <typename T>
void UpdateAverage(T* average, const T* weights, size_t n, T momentum) {
  const T rest = T(1) - momentum;
  for (size_t i = 0; i < n; ++i) {
    average[i] = momentum * average[i] + rest * weights[i];
  }
}

namespace {

// The loops take restricted pointers as parameters, because compilers see there
// that arrays do not overlap, and vectorise.

template <typename T>
void SgdWithMomentum(T* __restrict weights, T* __restrict momentums,
                     const T* __restrict gradient, size_t n,
                     const SgdNumbers<T>& numbers) {
  const T learning_rate = numbers.learning_rate, momentum = numbers.momentum;
  const bool nesterov = numbers.kind == MomentumKind::kNesterov;
  for (size_t i = 0; i < n; ++i) {
    const T step = gradient[i] * learning_rate;
    const T moved = momentums[i] * momentum - step;
    momentums[i] = moved;
    weights[i] += nesterov ? moved * momentum - step : moved;
  }
}

template <typename T>
void Sgd(T* __restrict weights, const T* __restrict gradient, size_t n,
         T learning_rate) {
  for (size_t i = 0; i < n; ++i) weights[i] -= gradient[i] * learning_rate;
}

template <typename T, bool kMomentum, bool kCentered>
void Rmsprop(T* __restrict weights, T* __restrict velocities,
             T* __restrict momentums, T* __restrict average_gradients,
             Gradient<T> gradient, const RmspropNumbers<T>& numbers) {
  const T learning_rate = numbers.learning_rate, rho = numbers.rho,
          rest = numbers.one_minus_rho, momentum = numbers.momentum,
          epsilon = numbers.epsilon;
  for (size_t i = 0; i < gradient.n; ++i) {
    const T g = gradient.values[i];
    const T velocity = rho * velocities[i] + rest * (g * g);
    velocities[i] = velocity;
    T denominator = velocity;
    if constexpr (kCentered) {
      const T average = rho * average_gradients[i] + rest * g;
      average_gradients[i] = average;
      denominator = velocity - average * average;
    }
    T step = learning_rate * g / std::sqrt(denominator + epsilon);
    if constexpr (kMomentum) {
      step = momentum * momentums[i] + step;
      momentums[i] = step;
    }
    weights[i] -= step;
  }
}

template <typename T, bool kAmsgrad>
void Adam(T* __restrict weights, T* __restrict momentums,
          T* __restrict velocities, T* __restrict velocity_hats,
          Gradient<T> gradient, const AdamNumbers<T>& numbers) {
  const T alpha = numbers.alpha, rest_1 = numbers.one_minus_beta_1,
          rest_2 = numbers.one_minus_beta_2, epsilon = numbers.epsilon;
  for (size_t i = 0; i < gradient.n; ++i) {
    const T g = gradient.values[i];
    const T m = momentums[i] + (g - momentums[i]) * rest_1;
    T v = velocities[i] + (g * g - velocities[i]) * rest_2;
    momentums[i] = m;
    velocities[i] = v;
    if constexpr (kAmsgrad) {
      v = velocity_hats[i] > v ? velocity_hats[i] : v;
      velocity_hats[i] = v;
    }
    weights[i] -= m * alpha / (std::sqrt(v) + epsilon);
  }
}

}  // namespace

template <typename T>
void UpdateSgd(T* weights, T* momentums, Gradient<T> gradient,
               const SgdNumbers<T>& numbers) {
  if (momentums == nullptr) {
    Sgd(weights, gradient.values, gradient.n, numbers.learning_rate);
  } else {
    SgdWithMomentum(weights, momentums, gradient.values, gradient.n, numbers);
  }
}

template <typename T>
void UpdateRmsprop(T* weights, const RmspropSlots<T>& slots,
                   Gradient<T> gradient, const RmspropNumbers<T>& numbers) {
  const bool has_momentum = slots.momentums != nullptr;
  const bool centered = slots.average_gradients != nullptr;
  auto* const update =
      has_momentum
          ? (centered ? Rmsprop<T, true, true> : Rmsprop<T, true, false>)
          : (centered ? Rmsprop<T, false, true> : Rmsprop<T, false, false>);
  update(weights, slots.velocities, slots.momentums, slots.average_gradients,
         gradient, numbers);
}

template <typename T>
void UpdateAdam(T* weights, const AdamSlots<T>& slots, Gradient<T> gradient,
                const AdamNumbers<T>& numbers) {
  auto* const update =
      slots.velocity_hats != nullptr ? Adam<T, true> : Adam<T, false>;
  update(weights, slots.momentums, slots.velocities, slots.velocity_hats,
         gradient, numbers);
}

#define CUDNN_GRU_INSTANTIATE(T)                                          \
  template double SquareSum<T>(const T*, size_t);                         \
  template size_t FirstNonFinite<T>(const T*, size_t, NonFinite);         \
  template void Rescale<T>(T*, const T*, size_t, T, T);                   \
  template void ClipValues<T>(T*, const T*, size_t, T);                   \
  template void AddAndDivide<T>(T*, const T*, const T*, size_t, T);       \
  template void DecayWeights<T>(T*, size_t, T, T);                        \
  template void UpdateAverage<T>(T*, const T*, size_t, T);                \
  template void UpdateSgd<T>(T*, T*, Gradient<T>, const SgdNumbers<T>&);  \
  template void UpdateRmsprop<T>(T*, const RmspropSlots<T>&, Gradient<T>, \
                                 const RmspropNumbers<T>&);               \
  template void UpdateAdam<T>(T*, const AdamSlots<T>&, Gradient<T>,       \
                              const AdamNumbers<T>&)

CUDNN_GRU_INSTANTIATE(float);
CUDNN_GRU_INSTANTIATE(double);

#undef CUDNN_GRU_INSTANTIATE

}  // namespace cudnn_gru
