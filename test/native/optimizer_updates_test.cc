// The optimizer updates against the formulas in double, at every size around
// the width of a vector: TypeScript's tests compare a few sizes with Keras.

#include "core/optimizer_updates.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "generator.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::MomentumKind;
using cudnn_gru::NonFinite;

template <typename T>
std::vector<T> Numbers(size_t n, uint64_t seed, double low, double high) {
  Generator generator(seed);
  std::vector<T> out(n);
  for (T& value : out) value = static_cast<T>(generator.Uniform(low, high));
  return out;
}

// Each of `actual` is `expected(i)`, and nothing was written after it.
template <typename T, typename Expected>
void Compare(const std::vector<T>& actual, size_t n, Expected expected,
             const char* what) {
  const double tolerance = sizeof(T) == 4 ? 1e-6 : 1e-14;
  for (size_t i = 0; i < n; ++i) {
    const double wanted = expected(i);
    CHECK_MESSAGE(
        std::fabs(static_cast<double>(actual[i]) - wanted) <=
            tolerance * std::max(1.0, std::fabs(wanted)),
        Format("%s, float%zu: element %zu of %zu is %.9g, not %.9g", what,
               sizeof(T) * 8, i, n, static_cast<double>(actual[i]), wanted));
  }
  CHECK_MESSAGE(actual[n] == T(7),
                Format("%s, float%zu: wrote beyond %zu elements", what,
                       sizeof(T) * 8, n));
}

// n numbers and one behind them that must stay.
template <typename T>
std::vector<T> Guarded(size_t n, uint64_t seed, double low, double high) {
  std::vector<T> out = Numbers<T>(n + 1, seed, low, high);
  out[n] = T(7);
  return out;
}

template <typename T>
void Updates(size_t n) {
  const std::vector<T> g = Numbers<T>(n, 1, -1, 1);
  const std::vector<T> w = Guarded<T>(n, 2, -1, 1);
  const std::vector<T> m = Guarded<T>(n, 3, -1, 1);
  const std::vector<T> v = Guarded<T>(n, 4, 1, 2);
  const std::vector<T> h = Guarded<T>(n, 5, 1, 2);

  std::vector<T> a = w;
  cudnn_gru::UpdateSgd<T>(a.data(), nullptr, {g.data(), n},
                          {T(0.5), 0, MomentumKind::kClassic});
  Compare(a, n, [&](size_t i) { return w[i] - 0.5 * g[i]; }, "sgd");
  for (const bool nesterov : {false, true}) {
    std::vector<T> b = m;
    a = w;
    const auto kind =
        nesterov ? MomentumKind::kNesterov : MomentumKind::kClassic;
    cudnn_gru::UpdateSgd<T>(a.data(), b.data(), {g.data(), n},
                            {T(0.5), T(0.25), kind});
    const auto moved = [&](size_t i) { return 0.25 * m[i] - 0.5 * g[i]; };
    Compare(b, n, moved, "momentum");
    Compare(
        a, n,
        [&](size_t i) {
          return w[i] + (nesterov ? 0.25 * moved(i) - 0.5 * g[i] : moved(i));
        },
        "sgd with momentum");
  }

  const cudnn_gru::RmspropNumbers<T> rmsprop = {T(0.5), T(0.75), T(0.25),
                                                T(0.5), T(0.125)};
  for (int kind = 0; kind < 4; ++kind) {
    const bool momentum = (kind & 1) != 0, centered = (kind & 2) != 0;
    std::vector<T> velocity = v, moved = m, average = m;
    a = w;
    cudnn_gru::UpdateRmsprop<T>(
        a.data(),
        {velocity.data(), momentum ? moved.data() : nullptr,
         centered ? average.data() : nullptr},
        {g.data(), n}, rmsprop);
    const auto mean = [&](size_t i) { return 0.75 * m[i] + 0.25 * g[i]; };
    const auto square = [&](size_t i) {
      return 0.75 * v[i] + 0.25 * static_cast<double>(g[i]) * g[i];
    };
    const auto step = [&](size_t i) {
      const double variance = square(i) - (centered ? mean(i) * mean(i) : 0);
      const double plain = 0.5 * g[i] / std::sqrt(variance + 0.125);
      return momentum ? 0.5 * m[i] + plain : plain;
    };
    Compare(velocity, n, square, "rmsprop's velocity");
    Compare(
        moved, n, [&](size_t i) { return momentum ? step(i) : m[i]; },
        "rmsprop's momentum");
    Compare(
        average, n, [&](size_t i) { return centered ? mean(i) : m[i]; },
        "rmsprop's average");
    Compare(a, n, [&](size_t i) { return w[i] - step(i); }, "rmsprop");
  }

  const cudnn_gru::AdamNumbers<T> adam = {T(0.5), T(0.25), T(0.125), T(0.5)};
  for (const bool amsgrad : {false, true}) {
    std::vector<T> moment = m, velocity = v, hat = h;
    a = w;
    cudnn_gru::UpdateAdam<T>(
        a.data(),
        {moment.data(), velocity.data(), amsgrad ? hat.data() : nullptr},
        {g.data(), n}, adam);
    const auto first = [&](size_t i) { return 0.75 * m[i] + 0.25 * g[i]; };
    const auto second = [&](size_t i) {
      return 0.875 * v[i] + 0.125 * static_cast<double>(g[i]) * g[i];
    };
    const auto greatest = [&](size_t i) {
      return amsgrad ? std::max<double>(h[i], second(i)) : second(i);
    };
    Compare(moment, n, first, "adam's momentum");
    Compare(velocity, n, second, "adam's velocity");
    Compare(
        a, n,
        [&](size_t i) {
          return w[i] - 0.5 * first(i) / (std::sqrt(greatest(i)) + 0.5);
        },
        "adam");
  }

  a = w;
  cudnn_gru::DecayWeights<T>(a.data(), n, T(0.25), T(0.5));
  Compare(a, n, [&](size_t i) { return w[i] * 0.875; }, "decay");
  a = m;
  cudnn_gru::UpdateAverage<T>(a.data(), w.data(), n, T(0.75));
  Compare(a, n, [&](size_t i) { return 0.75 * m[i] + 0.25 * w[i]; }, "average");
}

template <typename T>
void Gradients(size_t n) {
  const std::vector<T> g = Guarded<T>(n, 6, -2, 2);
  const std::vector<T> b = Guarded<T>(n, 7, -2, 2);
  double squares = 0;
  for (size_t i = 0; i < n; ++i) {
    squares += static_cast<double>(g[i]) * static_cast<double>(g[i]);
  }
  const double sum = cudnn_gru::SquareSum<T>(g.data(), n);
  CHECK_MESSAGE(
      std::fabs(sum - squares) <= 1e-13 * std::max(1.0, squares),
      Format("square sum of %zu elements: %.17g, not %.17g", n, sum, squares));
  // In place.
  std::vector<T> a = g;
  cudnn_gru::Rescale<T>(a.data(), a.data(), n, T(3), T(4));
  Compare(a, n, [&](size_t i) { return g[i] * 0.75; }, "rescale");
  a = g;
  cudnn_gru::ClipValues<T>(a.data(), a.data(), n, T(0.5));
  Compare(
      a, n,
      [&](size_t i) { return std::min(0.5, std::max<double>(-0.5, g[i])); },
      "clip");
  a = g;
  cudnn_gru::AddAndDivide<T>(a.data(), b.data(), a.data(), n, T(4));
  Compare(
      a, n, [&](size_t i) { return (static_cast<double>(g[i]) + b[i]) * 0.25; },
      "add and divide");
  CHECK_MESSAGE(
      cudnn_gru::FirstNonFinite<T>(g.data(), n, NonFinite::kNaNOrInfinity) == n,
      "finite numbers are not finite");
  if (n == 0) return;
  const T infinity = std::numeric_limits<T>::infinity();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (size_t at = 0; at < n; ++at) {
    a = g;
    a[at] = -infinity;
    CHECK_MESSAGE(!std::isfinite(cudnn_gru::SquareSum<T>(a.data(), n)),
                  "the square sum hides an infinity");
    CHECK_MESSAGE(
        (cudnn_gru::FirstNonFinite<T>(a.data(), n, NonFinite::kNaNOrInfinity) ==
             at &&
         cudnn_gru::FirstNonFinite<T>(a.data(), n, NonFinite::kNaN) == n),
        Format("an infinity at %zu of %zu is not found there", at, n));
    a[at] = nan;
    CHECK_MESSAGE(!std::isfinite(cudnn_gru::SquareSum<T>(a.data(), n)),
                  "the square sum hides a NaN");
    CHECK_MESSAGE(
        cudnn_gru::FirstNonFinite<T>(a.data(), n, NonFinite::kNaN) == at,
        Format("a NaN at %zu of %zu is not found there", at, n));
    cudnn_gru::ClipValues<T>(a.data(), a.data(), n, T(0.5));
    CHECK_MESSAGE(std::isnan(a[at]), "clipping hides a NaN");
  }
}

constexpr size_t kLargest = 70;

TEST_CASE_TEMPLATE("updates follow their formulas", T, float, double) {
  for (size_t n = 0; n <= kLargest; ++n) Updates<T>(n);
}

TEST_CASE_TEMPLATE("gradients are clipped and summed", T, float, double) {
  for (size_t n = 0; n <= kLargest; ++n) Gradients<T>(n);
}

}  // namespace
}  // namespace cudnn_gru_test
