// softmax and log_softmax of every instruction set: to 2 ulp where the
// differences from the largest element are exact, in place too, and NaN where
// they must be.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "generator.h"
#include "instruction_sets.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::CpuIsa;

// Around every vector's width, and lines of real layers.
const size_t kSizes[] = {1,  2,  3,  4,  5,  7,  8,  9,   15,  16,
                         17, 31, 32, 33, 63, 64, 65, 127, 256, 1000};

// Returns softmax or log_softmax of a line, computed from the differences that
// T holds.
template <typename T>
std::vector<long double> Exact(Activation kind, const std::vector<T>& x) {
  const T largest = *std::max_element(x.begin(), x.end());
  long double sum = 0;
  std::vector<long double> y;
  for (const T value : x) {
    const T difference = value - largest;
    sum += std::exp(static_cast<long double>(difference));
    y.push_back(difference);
  }
  for (long double& value : y) {
    value = kind == Activation::kSoftmax ? std::exp(value) / sum
                                         : value - std::log(sum);
  }
  return y;
}

template <typename T>
void Run(const CpuIsa& isa, Activation kind, const T* x, T* y, T* scratch,
         size_t n) {
  const cudnn_gru::MatrixKernels<T>& kernels = KernelsOf<T>(isa).matrix;
  if (kind == Activation::kSoftmax) {
    kernels.softmax(x, y, scratch, n);
  } else {
    kernels.log_softmax(x, y, n);
  }
}

template <typename T>
std::vector<T> Compute(const CpuIsa& isa, Activation kind,
                       const std::vector<T>& x) {
  // What is not written stays -77.
  std::vector<T> y(x.size() + 1, T(-77));
  std::vector<T> scratch = y;
  Run(isa, kind, x.data(), y.data(), scratch.data(), x.size());
  CHECK_MESSAGE((y.back() == T(-77) && scratch.back() == T(-77)),
                Format("%s: wrote too much", isa.name));
  y.pop_back();
  std::vector<T> in_place = x;
  Run(isa, kind, in_place.data(), in_place.data(), scratch.data(), x.size());
  CHECK_MESSAGE(
      std::memcmp(y.data(), in_place.data(), y.size() * sizeof(T)) == 0,
      Format("%s: other bits in place", isa.name));
  return y;
}

// Multiples of 1/256 between -range and range, whose differences are exact.
template <typename T>
std::vector<T> Line(Generator& generator, size_t n, double range) {
  std::vector<T> x;
  for (size_t i = 0; i < n; ++i) {
    x.push_back(static_cast<T>(
        std::round(256 * generator.Uniform(-range, range)) / 256));
  }
  return x;
}

template <typename T>
void WithinTwoUlp(const CpuIsa& isa, Activation kind) {
  Generator generator(17);
  long double worst = 0;
  for (const size_t n : kSizes) {
    for (const double range : {0.0, 0.5, 4.0, 40.0, 400.0}) {
      for (int repetition = 0; repetition < 20; ++repetition) {
        const std::vector<T> x = Line<T>(generator, n, range);
        const std::vector<T> y = Compute<T>(isa, kind, x);
        const std::vector<long double> exact = Exact<T>(kind, x);
        for (size_t i = 0; i < n; ++i) {
          // Near 0 the difference and the logarithm cancel each other.
          const long double size =
              kind == Activation::kSoftmax
                  ? exact[i]
                  : std::max<long double>(
                        std::fabs(exact[i]),
                        std::log(static_cast<long double>(n)));
          const long double error =
              std::fabs(static_cast<long double>(y[i]) - exact[i]) /
              Ulp<T>(size);
          worst = std::max(worst, error);
          CHECK_MESSAGE(
              error <= 2,
              Format("%s float%zu, %zu elements: %.2Lf ulp at %.9g", isa.name,
                     sizeof(T) * 8, n, error, static_cast<double>(x[i])));
        }
      }
    }
  }
  std::printf("%s %s float%zu: %.2Lf ulp\n", isa.name,
              kind == Activation::kSoftmax ? "softmax" : "log_softmax",
              sizeof(T) * 8, worst);
}

template <typename T>
void BothWithinTwoUlp(const CpuIsa& isa) {
  WithinTwoUlp<T>(isa, Activation::kSoftmax);
  WithinTwoUlp<T>(isa, Activation::kLogSoftmax);
}

template <typename T>
void SpecialLines(const CpuIsa& isa) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const T infinity = std::numeric_limits<T>::infinity();
  for (const Activation kind :
       {Activation::kSoftmax, Activation::kLogSoftmax}) {
    for (const size_t n : kSizes) {
      for (size_t at = 0; at < n; at += 1 + n / 7) {
        std::vector<T> x(n, T(1));
        // In Keras too.
        for (const T special : {nan, infinity}) {
          x[at] = special;
          for (const T y : Compute<T>(isa, kind, x)) {
            CHECK_MESSAGE(
                std::isnan(y),
                Format("%s: %g in a line with %g", isa.name,
                       static_cast<double>(y), static_cast<double>(special)));
          }
        }
        if (n == 1) continue;
        x[at] = -infinity;
        const std::vector<T> y = Compute<T>(isa, kind, x);
        CHECK(y[at] == (kind == Activation::kSoftmax ? T(0) : -infinity));
        CHECK(std::isfinite(y[at == 0 ? 1 : 0]));
      }
      std::vector<T> x(n, -infinity);
      for (const T y : Compute<T>(isa, kind, x)) CHECK(std::isnan(y));
    }
  }
}

TEST_CASE_TEMPLATE("softmax is within 2 ulp of exact differences", T, float,
                   double) {
  OnEveryInstructionSet(BothWithinTwoUlp<T>);
}

TEST_CASE_TEMPLATE("lines with NaN and infinities", T, float, double) {
  OnEveryInstructionSet(SpecialLines<T>);
}

}  // namespace
}  // namespace cudnn_gru_test
