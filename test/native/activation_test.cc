// The vectorised activations of every instruction set against the reference:
// those that are smooth to 2 ulp over the whole range, all others to the
// tolerance of the layer, and NaN, infinities and signed zeros where they must
// be.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/activation_names.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/reference/reference_activations.h"
#include "generator.h"
#include "instruction_sets.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::ActivationSpec;
using cudnn_gru::CpuIsa;

const double kInfinity = std::numeric_limits<double>::infinity();

// The exact functions, for N = double and long double.
template <typename N>
N ExactTanh(N x) {
  return std::tanh(x);
}
template <typename N>
N ExactSigmoid(N x) {
  return 1 / (1 + std::exp(-x));
}
template <typename N>
N ExactExp(N x) {
  return std::exp(x);
}
template <typename N>
N ExactSoftplus(N x) {
  // The comparison keeps NaN.
  return (x < 0 ? N(0) : x) + std::log1p(std::exp(-std::fabs(x)));
}
template <typename N>
N ExactLogSigmoid(N x) {
  return -ExactSoftplus(-x);
}
template <typename N>
N ExactGelu(N x) {
  // TensorFlow's constant for 1 / sqrt(2) is a float.
  return N(0.5) * x * std::erfc(-x * static_cast<N>(0.70710678118654752440f));
}
template <typename N>
N ExactMish(N x) {
  // tanh(softplus(x)) = w (w + 2) / (w (w + 2) + 2), where w = exp(x).
  const N w = std::exp(x < 300 ? x : N(300));
  return x * (w * (w + 2) / (w * (w + 2) + 2));
}

template <typename N>
N ExactSilu(N x) {
  return x / (1 + std::exp(-x));
}
template <typename N>
N ExactElu(N x) {
  return x < 0 ? std::expm1(x) : x;
}
template <typename N>
N ExactSelu(N x) {
  return N(1.0507009873554804934193349852946L) *
         (x < 0 ? N(1.6732632423543772848170429916717L) * std::expm1(x) : x);
}
template <typename N>
N ExactSoftsign(N x) {
  return x / (1 + std::fabs(x));
}

// Returns an activation with Keras's default parameters.
ActivationSpec Defaults(Activation kind) {
  ActivationSpec spec;
  REQUIRE(cudnn_gru::FindActivation(cudnn_gru::ActivationName(kind), nullptr, 0,
                                    &spec)
              .ok());
  return spec;
}

// An activation that is promised to be within 2 ulp.
struct Promise {
  Activation kind;
  long double (*exact)(long double);
  double (*exact_in_double)(double);
};

const Promise kPromises[] = {
    {Activation::kTanh, ExactTanh, ExactTanh},
    {Activation::kSigmoid, ExactSigmoid, ExactSigmoid},
    {Activation::kExponential, ExactExp, ExactExp},
    {Activation::kSoftplus, ExactSoftplus, ExactSoftplus},
    {Activation::kLogSigmoid, ExactLogSigmoid, ExactLogSigmoid},
    {Activation::kGelu, ExactGelu, ExactGelu},
    {Activation::kMish, ExactMish, ExactMish},
    {Activation::kSilu, ExactSilu, ExactSilu},
    {Activation::kElu, ExactElu, ExactElu},
    {Activation::kSelu, ExactSelu, ExactSelu},
    {Activation::kSoftsign, ExactSoftsign, ExactSoftsign},
};

template <typename T>
void MeasureUlp(const CpuIsa& isa, Activation kind,
                long double (*exact)(long double), const std::vector<T>& x) {
  std::vector<T> y(x.size());
  KernelsOf<T>(isa).activate(Defaults(kind), x.data(), y.data(), x.size());
  long double worst = 0;
  T worst_x = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const long double expected = exact(x[i]);
    if (std::isinf(static_cast<T>(expected))) {
      CHECK(static_cast<long double>(y[i]) == static_cast<T>(expected));
      continue;
    }
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

// A sanitizer looks for other faults, which fewer samples find too.
constexpr uint32_t kFloatStride = kSanitized ? 40009 : 2003;
constexpr size_t kDoubleSamples = kSanitized ? 10000 : 200000;

void WithinTwoUlp(const CpuIsa& isa) {
  const std::vector<float> floats = FloatPatterns(kFloatStride);
  const std::vector<double> doubles = DoubleSamples(kDoubleSamples);
  for (const Promise& promise : kPromises) {
    MeasureUlp<float>(isa, promise.kind, promise.exact, floats);
    MeasureUlp<double>(isa, promise.kind, promise.exact, doubles);
  }
}

// Checks all bit patterns of one activation, whose oracle is computed once for
// all instruction sets.
void EveryFloat(const Promise& promise) {
  constexpr uint32_t kBlock = 1u << 16;
  std::vector<float> x(kBlock), y(kBlock);
  std::vector<double> exact(kBlock), ulp(kBlock);
  std::map<std::string, double> worst;
  for (uint32_t block = 0; block < (1u << 16); ++block) {
    for (uint32_t i = 0; i < kBlock; ++i) {
      const uint32_t bits = block * kBlock + i;
      std::memcpy(&x[i], &bits, sizeof bits);
      exact[i] = promise.exact_in_double(static_cast<double>(x[i]));
      ulp[i] = static_cast<double>(Ulp<float>(exact[i]));
    }
    for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
      if (isa.kernels == nullptr) continue;
      isa.kernels->f32.activate(Defaults(promise.kind), x.data(), y.data(),
                                kBlock);
      for (uint32_t i = 0; i < kBlock; ++i) {
        if (std::isnan(exact[i]) && std::isnan(y[i])) continue;
        if (y[i] == static_cast<float>(exact[i])) continue;
        const double error =
            std::fabs(static_cast<double>(y[i]) - exact[i]) / ulp[i];
        // A NaN where there should be none is the worst of all.
        if (!(error <= worst[isa.name])) worst[isa.name] = error;
      }
    }
  }
  for (const auto& [isa, error] : worst) {
    std::printf("%s %s at every float: %.2f ulp\n", isa.c_str(),
                cudnn_gru::ActivationName(promise.kind), error);
    CHECK(error <= 2);
  }
}

// An element may be in a full group of vectors, in a vector of its own, or in a
// partial one.
template <typename T>
void SameBitsAnywhere(const CpuIsa& isa) {
  Generator generator(23);
  std::vector<T> x;
  for (int i = 0; i < 203; ++i) {
    x.push_back(static_cast<T>(generator.Uniform(-30, 30)));
  }
  for (int kind = 0; kind < cudnn_gru::kElementwiseActivations; ++kind) {
    const char* name = cudnn_gru::ActivationName(static_cast<Activation>(kind));
    ActivationSpec spec;
    REQUIRE(cudnn_gru::FindActivation(name, nullptr, 0, &spec).ok());
    std::vector<T> together(x.size());
    KernelsOf<T>(isa).activate(spec, x.data(), together.data(), x.size());
    std::vector<T> alone(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      KernelsOf<T>(isa).activate(spec, &x[i], &alone[i], 1);
    }
    CHECK_MESSAGE(
        std::memcmp(together.data(), alone.data(), x.size() * sizeof(T)) == 0,
        Format("%s %s: other bits alone", isa.name, name));
  }
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

TEST_CASE("smooth activations are within 2 ulp") {
  OnEveryInstructionSet(WithinTwoUlp);
}

// The oracle is in double, because long double would take hours. Its own error
// is 1e-8 of a float's ulp.
TEST_CASE("smooth activations are within 2 ulp at every float" *
          doctest::skip()) {
  for (const Promise& promise : kPromises) EveryFloat(promise);
}

TEST_CASE_TEMPLATE("an element has the same bits wherever it lies", T, float,
                   double) {
  OnEveryInstructionSet(SameBitsAnywhere<T>);
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
