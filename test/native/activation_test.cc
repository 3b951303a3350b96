// The vectorised activations of every instruction set against the reference:
// sigmoid and tanh to 2 ulp over the whole range, all others to the tolerance
// of the layer, and NaN, infinities and signed zeros where they must be.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/activation_names.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/reference/reference_activations.h"
#include "generator.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::ActivationSpec;
using cudnn_gru::CpuIsa;

const double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
const cudnn_gru::Kernels<T>& KernelsOf(const CpuIsa& isa);
template <>
const cudnn_gru::Kernels<float>& KernelsOf(const CpuIsa& isa) {
  return isa.kernels->f32;
}
template <>
const cudnn_gru::Kernels<double>& KernelsOf(const CpuIsa& isa) {
  return isa.kernels->f64;
}

// The distance of two neighbouring numbers of T at `x`.
template <typename T>
long double Ulp(long double x) {
  const T magnitude = static_cast<T>(std::fabs(x));
  const T above = std::nextafter(magnitude, std::numeric_limits<T>::infinity());
  return static_cast<long double>(above) - static_cast<long double>(magnitude);
}

long double ExactTanh(long double x) { return std::tanh(x); }
long double ExactSigmoid(long double x) { return 1 / (1 + std::exp(-x)); }

template <typename T>
void MeasureUlp(const CpuIsa& isa, Activation kind,
                long double (*exact)(long double), const std::vector<T>& x) {
  std::vector<T> y(x.size());
  KernelsOf<T>(isa).activate({kind, {}}, x.data(), y.data(), x.size());
  long double worst = 0;
  T worst_x = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const long double expected = exact(x[i]);
    const long double error =
        std::fabs(static_cast<long double>(y[i]) - expected) / Ulp<T>(expected);
    if (!(error <= worst)) {
      worst = error;
      worst_x = x[i];
    }
  }
  std::printf("%s %s float%zu: %.2Lf ulp at %.9g\n", isa.name,
              cudnn_gru::ActivationName(kind), sizeof(T) * 8, worst,
              static_cast<double>(worst_x));
  CHECK_MESSAGE(worst <= 2,
                Format("%s %s float%zu: %.2Lf ulp at %.17g", isa.name,
                       cudnn_gru::ActivationName(kind), sizeof(T) * 8, worst,
                       static_cast<double>(worst_x)));
}

// Every `stride`th bit pattern of the finite numbers of both signs.
std::vector<float> FloatPatterns(uint32_t stride) {
  std::vector<float> values;
  for (uint32_t bits = 0; bits < 0x7f800000u; bits += stride) {
    for (uint32_t sign : {0u, 0x80000000u}) {
      const uint32_t pattern = bits | sign;
      float value;
      std::memcpy(&value, &pattern, sizeof value);
      values.push_back(value);
    }
  }
  return values;
}

// Uniform over the exponents as well as over the range where the functions
// bend.
std::vector<double> DoubleSamples(size_t count) {
  Generator generator(7);
  std::vector<double> values = {0.0,   -0.0,   0.5,      -0.5,
                                1e308, -1e308, 4.9e-324, -4.9e-324,
                                709.5, -709.5, -745.2};
  for (size_t i = 0; i < count; ++i) {
    values.push_back(generator.Uniform(-25, 25));
    values.push_back(generator.Uniform(-1, 1));
    values.push_back(generator.Uniform(-760, 760));
    values.push_back(
        std::ldexp(generator.Uniform(-2, 2),
                   static_cast<int>(generator.Next() % 2000) - 1000));
  }
  return values;
}

void WithinTwoUlp(const CpuIsa& isa) {
  const std::vector<float> floats = FloatPatterns(2003);
  const std::vector<double> doubles = DoubleSamples(200000);
  MeasureUlp<float>(isa, Activation::kTanh, ExactTanh, floats);
  MeasureUlp<float>(isa, Activation::kSigmoid, ExactSigmoid, floats);
  MeasureUlp<double>(isa, Activation::kTanh, ExactTanh, doubles);
  MeasureUlp<double>(isa, Activation::kSigmoid, ExactSigmoid, doubles);
}

template <typename T>
void AllActivations(const CpuIsa& isa) {
  const double tolerance = sizeof(T) == 4 ? 2e-6 : 2e-15;
  Generator generator(11);
  std::vector<T> x = {
      T(0),         T(-0.0),       T(1),
      T(-1),        T(3),          T(-3),
      T(6),         T(0.5),        T(-0.5),
      T(kInfinity), T(-kInfinity), std::numeric_limits<T>::quiet_NaN()};
  // Not a multiple of any vector's width, and to the ends of exp's range.
  for (int i = 0; i < 20003; ++i) {
    const double range = i % 3 == 0 ? 1 : i % 3 == 1 ? 20 : 110;
    x.push_back(static_cast<T>(generator.Uniform(-range, range)));
  }
  for (int kind = 0; kind < cudnn_gru::kElementwiseActivations; ++kind) {
    const char* name = cudnn_gru::ActivationName(static_cast<Activation>(kind));
    ActivationSpec spec;
    CHECK_MESSAGE(cudnn_gru::FindActivation(name, nullptr, 0, &spec).ok(),
                  Format("%s is not found by its own name", name));
    std::vector<T> y(x.size());
    KernelsOf<T>(isa).activate(spec, x.data(), y.data(), x.size());
    std::vector<T> in_place = x;
    KernelsOf<T>(isa).activate(spec, in_place.data(), in_place.data(),
                               x.size());
    CHECK_MESSAGE(
        std::memcmp(y.data(), in_place.data(), y.size() * sizeof(T)) == 0,
        Format("%s %s: other bits in place", isa.name, name));
    for (size_t i = 0; i < x.size(); ++i) {
      const T expected =
          static_cast<T>(cudnn_gru::ActivateReference(spec, x[i]));
      // Functions such as squareplus subtract numbers of the size of x.
      const double size = std::max({1.0, std::fabs(static_cast<double>(x[i])),
                                    std::fabs(static_cast<double>(expected))});
      bool near = std::isnan(expected) == std::isnan(y[i]);
      if (std::isinf(expected) || std::isinf(y[i])) {
        near = expected == y[i];
      } else if (!std::isnan(expected)) {
        near = near && std::fabs(static_cast<double>(y[i]) - expected) <=
                           tolerance * size;
      }
      CHECK_MESSAGE(
          near,
          Format("%s %s float%zu at %.9g: %.17g, expected %.17g", isa.name,
                 name, sizeof(T) * 8, static_cast<double>(x[i]),
                 static_cast<double>(y[i]), static_cast<double>(expected)));
    }
  }
}

// relu and threshold with other parameters than Keras's defaults.
template <typename T>
void Parameters(const CpuIsa& isa) {
  const double infinity = std::numeric_limits<double>::infinity();
  const ActivationSpec specs[] = {
      {Activation::kRelu, {0.0, 6.0, 0.0}},
      {Activation::kRelu, {0.25, infinity, 0.0}},
      {Activation::kRelu, {0.25, 3.0, 0.0}},
      {Activation::kRelu, {0.25, 3.0, 1.5}},
      {Activation::kRelu, {0.0, infinity, -1.5}},
      {Activation::kRelu, {0.5, 2.0, -1.5}},
      {Activation::kThreshold, {0.5, -2.0, 0.0}},
      {Activation::kElu, {0.7, 0.0, 0.0}},
      {Activation::kLeakyRelu, {0.01, 0.0, 0.0}},
  };
  Generator generator(13);
  std::vector<T> x;
  for (int i = 0; i < 1003; ++i) {
    x.push_back(static_cast<T>(generator.Uniform(-8, 8)));
  }
  std::vector<T> y(x.size());
  for (const ActivationSpec& spec : specs) {
    KernelsOf<T>(isa).activate(spec, x.data(), y.data(), x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      const T expected = cudnn_gru::ActivateReference(spec, x[i]);
      CHECK_MESSAGE(std::fabs(y[i] - expected) <= 1e-6,
                    Format("%s %s(%g, %g, %g) at %.9g", isa.name,
                           cudnn_gru::ActivationName(spec.kind),
                           spec.parameters[0], spec.parameters[1],
                           spec.parameters[2], static_cast<double>(x[i])));
    }
  }
}

// Runs `test` as one subcase for each instruction set, so that --subcase=avx2
// picks one.
void OnEveryInstructionSet(void (*test)(const CpuIsa&)) {
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    if (isa.kernels == nullptr) continue;
    SUBCASE(isa.name) { test(isa); }
  }
}

TEST_CASE("sigmoid and tanh are within 2 ulp") {
  OnEveryInstructionSet(WithinTwoUlp);
}

TEST_CASE_TEMPLATE("every activation is near the reference", T, float, double) {
  OnEveryInstructionSet(AllActivations<T>);
}

TEST_CASE_TEMPLATE("parameters other than the defaults count", T, float,
                   double) {
  OnEveryInstructionSet(Parameters<T>);
}

}  // namespace
}  // namespace cudnn_gru_test
