// The optimizer updates against the formulas in double, at every size around
// the width of a vector: TypeScript's tests compare a few sizes with Keras.

#include "core/optimizer_updates.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "core/divided_range.h"
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
                          {T(0.5), 0, MomentumKind::kClassic}, 1);
  Compare(a, n, [&](size_t i) { return w[i] - 0.5 * g[i]; }, "sgd");
  for (const bool nesterov : {false, true}) {
    std::vector<T> b = m;
    a = w;
    const auto kind =
        nesterov ? MomentumKind::kNesterov : MomentumKind::kClassic;
    cudnn_gru::UpdateSgd<T>(a.data(), b.data(), {g.data(), n},
                            {T(0.5), T(0.25), kind}, 1);
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
        {g.data(), n}, rmsprop, 1);
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
        {g.data(), n}, adam, 1);
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
  cudnn_gru::DecayWeights<T>(a.data(), n, T(0.25), T(0.5), 1);
  Compare(a, n, [&](size_t i) { return w[i] * 0.875; }, "decay");
  a = m;
  cudnn_gru::UpdateAverage<T>(a.data(), w.data(), n, T(0.75), 1);
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
  const double sum = cudnn_gru::SquareSum<T>(g.data(), n, 1);
  CHECK_MESSAGE(
      std::fabs(sum - squares) <= 1e-13 * std::max(1.0, squares),
      Format("square sum of %zu elements: %.17g, not %.17g", n, sum, squares));
  // In place.
  std::vector<T> a = g;
  cudnn_gru::Rescale<T>(a.data(), a.data(), n, T(3), T(4), 1);
  Compare(a, n, [&](size_t i) { return g[i] * 0.75; }, "rescale");
  a = g;
  cudnn_gru::ClipValues<T>(a.data(), a.data(), n, T(0.5), 1);
  Compare(
      a, n,
      [&](size_t i) { return std::min(0.5, std::max<double>(-0.5, g[i])); },
      "clip");
  a = g;
  cudnn_gru::AddAndDivide<T>(a.data(), b.data(), a.data(), n, T(4), 1);
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
    CHECK_MESSAGE(!std::isfinite(cudnn_gru::SquareSum<T>(a.data(), n, 1)),
                  "the square sum hides an infinity");
    CHECK_MESSAGE(
        (cudnn_gru::FirstNonFinite<T>(a.data(), n, NonFinite::kNaNOrInfinity) ==
             at &&
         cudnn_gru::FirstNonFinite<T>(a.data(), n, NonFinite::kNaN) == n),
        Format("an infinity at %zu of %zu is not found there", at, n));
    a[at] = nan;
    CHECK_MESSAGE(!std::isfinite(cudnn_gru::SquareSum<T>(a.data(), n, 1)),
                  "the square sum hides a NaN");
    CHECK_MESSAGE(
        cudnn_gru::FirstNonFinite<T>(a.data(), n, NonFinite::kNaN) == at,
        Format("a NaN at %zu of %zu is not found there", at, n));
    cudnn_gru::ClipValues<T>(a.data(), a.data(), n, T(0.5), 1);
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

// The updates of a variable that is large enough for several threads.
template <typename T>
std::vector<std::vector<T>> LargeUpdates(size_t n, int threads) {
  const std::vector<T> g = Numbers<T>(n, 1, -1, 1);
  const std::vector<T> w = Numbers<T>(n, 2, -1, 1);
  const std::vector<T> s = Numbers<T>(n, 3, 1, 2);
  std::vector<std::vector<T>> all;
  // Runs update(weights, slot, slot, slot) on copies, which it keeps.
  const auto run = [&](const auto& update) {
    std::vector<T> weights = w, a = s, b = s, c = s;
    update(weights.data(), a.data(), b.data(), c.data());
    for (auto* const array : {&weights, &a, &b, &c}) {
      all.push_back(std::move(*array));
    }
  };
  const cudnn_gru::Gradient<T> gradient{g.data(), n};
  run([&](T* weights, T*, T*, T*) {
    cudnn_gru::UpdateSgd<T>(weights, nullptr, gradient,
                            {T(0.1), 0, MomentumKind::kClassic}, threads);
  });
  run([&](T* weights, T* a, T*, T*) {
    cudnn_gru::UpdateSgd<T>(weights, a, gradient,
                            {T(0.1), T(0.9), MomentumKind::kNesterov}, threads);
  });
  const cudnn_gru::RmspropNumbers<T> rmsprop = {T(0.1), T(0.9), T(0.1), T(0.5),
                                                T(2)};
  run([&](T* weights, T* a, T*, T*) {
    cudnn_gru::UpdateRmsprop<T>(weights, {a, nullptr, nullptr}, gradient,
                                rmsprop, threads);
  });
  run([&](T* weights, T* a, T* b, T* c) {
    cudnn_gru::UpdateRmsprop<T>(weights, {a, b, c}, gradient, rmsprop, threads);
  });
  const cudnn_gru::AdamNumbers<T> adam = {T(0.1), T(0.1), T(0.01), T(1e-7)};
  run([&](T* weights, T* a, T* b, T*) {
    cudnn_gru::UpdateAdam<T>(weights, {a, b, nullptr}, gradient, adam, threads);
  });
  run([&](T* weights, T* a, T* b, T* c) {
    cudnn_gru::UpdateAdam<T>(weights, {a, b, c}, gradient, adam, threads);
  });
  run([&](T* weights, T* a, T* b, T* c) {
    cudnn_gru::DecayWeights<T>(weights, n, T(0.1), T(0.1), threads);
    cudnn_gru::UpdateAverage<T>(a, weights, n, T(0.9), threads);
    cudnn_gru::ClipValues<T>(b, g.data(), n, T(0.5), threads);
    cudnn_gru::AddAndDivide<T>(c, c, g.data(), n, T(3), threads);
  });
  run([&](T* weights, T* a, T*, T*) {
    cudnn_gru::Rescale<T>(a, weights, n, T(0.3), T(7), threads);
  });
  return all;
}

// Whether the two have the same bits.
template <typename T>
bool Same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

TEST_CASE_TEMPLATE("threads change no bit of an update", T, float, double) {
  // Whole ranges, and some elements more.
  for (const size_t n : {size_t{262144}, size_t{300001}}) {
    const auto alone = LargeUpdates<T>(n, 1);
    // The first elements are those of a variable that is not divided.
    const size_t few = 1000;
    const auto small = LargeUpdates<T>(few, 1);
    const std::vector<T> g = Numbers<T>(n, 1, -1, 1);
    const double squares = cudnn_gru::SquareSum<T>(g.data(), n, 1);
    double sum = 0;
    for (const T value : g) sum += static_cast<double>(value) * value;
    CHECK_MESSAGE(std::fabs(squares - sum) <= 1e-12 * sum,
                  Format("square sum of %zu elements: %.17g, not %.17g", n,
                         squares, sum));
    for (size_t i = 0; i < alone.size(); ++i) {
      CHECK_MESSAGE(
          std::equal(small[i].begin(), small[i].end(), alone[i].begin()),
          Format("array %zu: %zu elements begin otherwise than %zu", i, n,
                 few));
    }
    for (const int threads : {2, 3, 4}) {
      const auto shared = LargeUpdates<T>(n, threads);
      for (size_t i = 0; i < alone.size(); ++i) {
        CHECK_MESSAGE(Same(alone[i], shared[i]),
                      Format("%d threads, %zu elements: array %zu differs",
                             threads, n, i));
      }
      CHECK_MESSAGE(cudnn_gru::SquareSum<T>(g.data(), n, threads) == squares,
                    Format("%d threads add %zu squares otherwise", threads, n));
    }
  }
}

TEST_CASE("ranges cover everything once") {
  for (const size_t n : {0, 1, 7, 8, 9, 64, 1001}) {
    for (const int threads : {0, 1, 2, 3, 4}) {
      std::vector<std::atomic<int>> visits(n);
      std::atomic<int> ranges{0};
      cudnn_gru::ForEachRange(n, 8, threads, [&](size_t begin, size_t end) {
        ++ranges;
        for (size_t i = begin; i < end; ++i) ++visits[i];
      });
      const bool once =
          std::all_of(visits.begin(), visits.end(),
                      [](const std::atomic<int>& visit) { return visit == 1; });
      CHECK_MESSAGE((once && ranges == static_cast<int>((n + 7) / 8)),
                    Format("%zu elements, %d threads: %d ranges", n, threads,
                           ranges.load()));
    }
  }
}

}  // namespace
}  // namespace cudnn_gru_test
