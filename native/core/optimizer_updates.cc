#include "core/optimizer_updates.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <type_traits>

#include "core/divided_range.h"

namespace cudnn_gru {
namespace {

// A thread updates so many elements in 5 to 10 microseconds.
constexpr size_t kRange = static_cast<size_t>(16) << 10;

// With fewer elements the work ends before another thread has helped much.
constexpr size_t kMinDivided = 16 * kRange;

// Calls update(begin, count) for ranges that together are [0, n).
template <typename Update>
void ForRanges(size_t n, int threads, const Update& update) {
  const auto body = [&](size_t begin, size_t end) {
    update(begin, end - begin);
  };
  if (n < kMinDivided) {
    if (n > 0) body(0, n);
    return;
  }
  ForEachRange(n, kRange, threads, std::cref(body));
}

// Returns the address of an element of an array that may be null.
template <typename T>
T* At(T* array, size_t index) {
  return array == nullptr ? nullptr : array + index;
}

template <typename T>
double SquareSumOf(const T* values, size_t n) {
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
bool IsKind(T value, NonFinite kind) {
  return kind == NonFinite::kNaN ? std::isnan(value) : !std::isfinite(value);
}

// Whether any value is of that kind. The loop has no branch, so that compilers
// vectorise it.
template <typename T, NonFinite kKind>
bool HasNonFinite(const T* values, size_t n) {
  std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t> found = 0;
  for (size_t i = 0; i < n; ++i) {
    // The difference is NaN for infinities and NaN.
    const T value =
        kKind == NonFinite::kNaN ? values[i] : values[i] - values[i];
    found |= value != value;
  }
  return found != 0;
}

// In the next three, `out` may be one of the other arrays.

template <typename T>
void RescaleRange(T* out, const T* values, size_t n, T factor, T divisor) {
  for (size_t i = 0; i < n; ++i) out[i] = values[i] * factor / divisor;
}

template <typename T>
void ClipRange(T* out, const T* values, size_t n, T limit) {
  for (size_t i = 0; i < n; ++i) {
    const T value = values[i];
    const T below = value > limit ? limit : value;
    out[i] = below < -limit ? -limit : below;
  }
}

template <typename T>
void AddAndDivideRange(T* out, const T* a, const T* b, size_t n, T divisor) {
  for (size_t i = 0; i < n; ++i) out[i] = (a[i] + b[i]) / divisor;
}

template <typename T>
void DecayRange(T* weights, size_t n, T decay, T learning_rate) {
  for (size_t i = 0; i < n; ++i) {
    weights[i] -= weights[i] * decay * learning_rate;
  }
}

// The loops take restricted pointers as parameters, because compilers see there
// that arrays do not overlap, and vectorise.

template <typename T>
void AverageRange(T* __restrict average, const T* __restrict weights, size_t n,
                  T momentum) {
  const T rest = T(1) - momentum;
  for (size_t i = 0; i < n; ++i) {
    average[i] = momentum * average[i] + rest * weights[i];
  }
}

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
double SquareSum(const T* values, size_t n, int threads) {
  // The parts, and with them the order of the sum, depend on n alone.
  constexpr size_t kMostParts = 64;
  const size_t part = std::max(4 * kRange, (n + kMostParts - 1) / kMostParts);
  double sums[kMostParts] = {};
  const auto body = [&](size_t begin, size_t end) {
    sums[begin / part] = SquareSumOf(values + begin, end - begin);
  };
  ForEachRange(n, part, threads, std::cref(body));
  double sum = 0;
  for (const double term : sums) sum += term;
  return sum;
}

template <typename T>
size_t FirstNonFinite(const T* values, size_t n, NonFinite kind) {
  constexpr size_t kBlock = 1024;
  const auto has = kind == NonFinite::kNaN
                       ? HasNonFinite<T, NonFinite::kNaN>
                       : HasNonFinite<T, NonFinite::kNaNOrInfinity>;
  for (size_t begin = 0; begin < n; begin += kBlock) {
    const size_t end = std::min(n, begin + kBlock);
    if (!has(values + begin, end - begin)) continue;
    for (size_t i = begin; i < end; ++i) {
      if (IsKind(values[i], kind)) return i;
    }
  }
  return n;
}

template <typename T>
void Rescale(T* out, const T* values, size_t n, T factor, T divisor,
             int threads) {
  ForRanges(n, threads, [&](size_t begin, size_t count) {
    RescaleRange(out + begin, values + begin, count, factor, divisor);
  });
}

template <typename T>
void ClipValues(T* out, const T* values, size_t n, T limit, int threads) {
  ForRanges(n, threads, [&](size_t begin, size_t count) {
    ClipRange(out + begin, values + begin, count, limit);
  });
}

template <typename T>
void AddAndDivide(T* out, const T* a, const T* b, size_t n, T divisor,
                  int threads) {
  ForRanges(n, threads, [&](size_t begin, size_t count) {
    AddAndDivideRange(out + begin, a + begin, b + begin, count, divisor);
  });
}

template <typename T>
void DecayWeights(T* weights, size_t n, T decay, T learning_rate, int threads) {
  ForRanges(n, threads, [&](size_t begin, size_t count) {
    DecayRange(weights + begin, count, decay, learning_rate);
  });
}

template <typename T>
void UpdateAverage(T* average, const T* weights, size_t n, T momentum,
                   int threads) {
  ForRanges(n, threads, [&](size_t begin, size_t count) {
    AverageRange(average + begin, weights + begin, count, momentum);
  });
}

template <typename T>
void UpdateSgd(T* weights, T* momentums, Gradient<T> gradient,
               const SgdNumbers<T>& numbers, int threads) {
  ForRanges(gradient.n, threads, [&](size_t begin, size_t count) {
    const T* const values = gradient.values + begin;
    if (momentums == nullptr) {
      Sgd(weights + begin, values, count, numbers.learning_rate);
    } else {
      SgdWithMomentum(weights + begin, momentums + begin, values, count,
                      numbers);
    }
  });
}

template <typename T>
void UpdateRmsprop(T* weights, const RmspropSlots<T>& slots,
                   Gradient<T> gradient, const RmspropNumbers<T>& numbers,
                   int threads) {
  const bool has_momentum = slots.momentums != nullptr;
  const bool centered = slots.average_gradients != nullptr;
  auto* const update =
      has_momentum
          ? (centered ? Rmsprop<T, true, true> : Rmsprop<T, true, false>)
          : (centered ? Rmsprop<T, false, true> : Rmsprop<T, false, false>);
  ForRanges(gradient.n, threads, [&](size_t begin, size_t count) {
    update(weights + begin, slots.velocities + begin,
           At(slots.momentums, begin), At(slots.average_gradients, begin),
           {gradient.values + begin, count}, numbers);
  });
}

template <typename T>
void UpdateAdam(T* weights, const AdamSlots<T>& slots, Gradient<T> gradient,
                const AdamNumbers<T>& numbers, int threads) {
  auto* const update =
      slots.velocity_hats != nullptr ? Adam<T, true> : Adam<T, false>;
  ForRanges(gradient.n, threads, [&](size_t begin, size_t count) {
    update(weights + begin, slots.momentums + begin, slots.velocities + begin,
           At(slots.velocity_hats, begin), {gradient.values + begin, count},
           numbers);
  });
}

#define CUDNN_GRU_INSTANTIATE(T)                                              \
  template double SquareSum<T>(const T*, size_t, int);                        \
  template size_t FirstNonFinite<T>(const T*, size_t, NonFinite);             \
  template void Rescale<T>(T*, const T*, size_t, T, T, int);                  \
  template void ClipValues<T>(T*, const T*, size_t, T, int);                  \
  template void AddAndDivide<T>(T*, const T*, const T*, size_t, T, int);      \
  template void DecayWeights<T>(T*, size_t, T, T, int);                       \
  template void UpdateAverage<T>(T*, const T*, size_t, T, int);               \
  template void UpdateSgd<T>(T*, T*, Gradient<T>, const SgdNumbers<T>&, int); \
  template void UpdateRmsprop<T>(T*, const RmspropSlots<T>&, Gradient<T>,     \
                                 const RmspropNumbers<T>&, int);              \
  template void UpdateAdam<T>(T*, const AdamSlots<T>&, Gradient<T>,           \
                              const AdamNumbers<T>&, int)

CUDNN_GRU_INSTANTIATE(float);
CUDNN_GRU_INSTANTIATE(double);

#undef CUDNN_GRU_INSTANTIATE

}  // namespace cudnn_gru
