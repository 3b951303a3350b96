// The functions of portable_math.h: against those of the C library for long
// double, which are more exact, and against a sum over their bits, which must
// be the same wherever this test runs.

#include "core/portable_math.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "native_test.h"

namespace cudnn_gru {
namespace {

using cudnn_gru_test::Format;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// One function, and where it is tried: evenly in [low, high].
struct Trial {
  const char* name;
  double (*function)(double);
  long double (*exact)(long double);
  double low;
  double high;
};

double Sine(double turns) {
  double sine, cosine;
  PortableSinCos(turns, &sine, &cosine);
  return sine;
}

double Cosine(double turns) {
  double sine, cosine;
  PortableSinCos(turns, &sine, &cosine);
  return cosine;
}

const Trial kTrials[] = {
    {"exp", PortableExp, std::exp, -745, 709.7},
    {"exp", PortableExp, std::exp, -1, 1},
    {"log", PortableLog, std::log, 1e-300, 4},
    {"log", PortableLog, std::log, 0.5, 2},
    {"log", PortableLog, std::log, 1e-310, 1e-300},
    {"log", PortableLog, std::log, 1, 1e300},
    {"log1p", PortableLog1p, std::log1p, -0.999999, 3},
    {"log1p", PortableLog1p, std::log1p, -1e-3, 1e-3},
    {"log1p", PortableLog1p, std::log1p, -1e-30, 1e-30},
    {"erfc", PortableErfc, std::erfc, -6, 6},
    {"erfc", PortableErfc, std::erfc, 0, 26.5},
    {"erfc", PortableErfc, std::erfc, 0.4, 0.65},
    {"erfc", PortableErfc, std::erfc, -1e-3, 1e-3},
    {"tanh", PortableTanh, std::tanh, -20, 20},
    {"tanh", PortableTanh, std::tanh, -1, 1},
    {"tanh", PortableTanh, std::tanh, -1e-5, 1e-5},
};

constexpr int kSamples = 100000;

double SampleOf(const Trial& trial, int i) {
  return trial.low + (trial.high - trial.low) * i / kSamples;
}

// Returns how far `value` is from `exact`, in units of the last place of a
// double of the size of `exact`.
double UlpError(double value, long double exact) {
  const double rounded = std::fabs(static_cast<double>(exact));
  const double unit =
      std::fmax(std::nextafter(rounded, kInf) - rounded, 0x1p-1074);
  return static_cast<double>(
      std::fabs(static_cast<long double>(value) - exact) /
      static_cast<long double>(unit));
}

TEST_CASE("every function is within 2 ulp") {
  for (const Trial& trial : kTrials) {
    double worst = 0;
    double where = 0;
    for (int i = 0; i <= kSamples; ++i) {
      const double x = SampleOf(trial, i);
      const long double exact = trial.exact(x);
      if (std::isinf(static_cast<double>(exact))) continue;
      const double error = UlpError(trial.function(x), exact);
      if (error <= worst) continue;
      worst = error;
      where = x;
    }
    std::printf("%s in [%g, %g]: %.2f ulp at %.17g\n", trial.name, trial.low,
                trial.high, worst, where);
    CHECK_MESSAGE(worst <= 2,
                  Format("%s: %.2f ulp at %.17g", trial.name, worst, where));
  }
}

TEST_CASE("sine and cosine of turns are exact to 2 ulp of 1") {
  const long double two_pi = 2 * std::acos(-1.0L);
  double worst = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double turns = static_cast<double>(i) / kSamples;
    const long double angle = two_pi * static_cast<long double>(turns);
    for (const long double error :
         {std::sin(angle) - static_cast<long double>(Sine(turns)),
          std::cos(angle) - static_cast<long double>(Cosine(turns))}) {
      worst = std::fmax(worst, static_cast<double>(std::fabs(error)));
    }
  }
  std::printf("sine and cosine: %.3g\n", worst);
  CHECK_MESSAGE(worst <= 2 * 0x1p-53, Format("%.3g", worst));
  CHECK_EQ(Sine(0.25), 1.0);
  CHECK_EQ(Cosine(0.5), -1.0);
  CHECK_EQ(Sine(0.5), 0.0);
}

TEST_CASE("special values") {
  CHECK_EQ(PortableExp(kInf), kInf);
  CHECK_EQ(PortableExp(-kInf), 0.0);
  CHECK_EQ(PortableExp(0.0), 1.0);
  CHECK_EQ(PortableExp(-745.0), std::numeric_limits<double>::denorm_min());
  CHECK_EQ(PortableLog(1.0), 0.0);
  CHECK_EQ(PortableLog(0.0), -kInf);
  CHECK_EQ(PortableLog(kInf), kInf);
  CHECK(std::isnan(PortableLog(-1.0)));
  CHECK_EQ(PortableLog1p(-1.0), -kInf);
  CHECK_EQ(PortableLog1p(kInf), kInf);
  CHECK(std::isnan(PortableLog1p(-2.0)));
  CHECK(std::signbit(PortableLog1p(-0.0)));
  CHECK_EQ(PortableErfc(kInf), 0.0);
  CHECK_EQ(PortableErfc(-kInf), 2.0);
  CHECK_EQ(PortableErfc(0.0), 1.0);
  CHECK_EQ(PortableTanh(kInf), 1.0);
  CHECK_EQ(PortableTanh(-kInf), -1.0);
  CHECK(std::signbit(PortableTanh(-0.0)));
  for (const auto function :
       {static_cast<double (*)(double)>(PortableExp),
        static_cast<double (*)(double)>(PortableLog),
        static_cast<double (*)(double)>(PortableLog1p),
        static_cast<double (*)(double)>(PortableErfc), PortableTanh}) {
    CHECK(std::isnan(function(kNan)));
  }
}

TEST_CASE("the bits are those of every other platform") {
  uint64_t sum = 0xCBF29CE484222325u;
  const auto add = [&sum](double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    sum = (sum ^ bits) * 0x100000001B3u;
  };
  for (const Trial& trial : kTrials) {
    for (int i = 0; i <= kSamples; ++i) add(trial.function(SampleOf(trial, i)));
  }
  for (int i = 0; i < kSamples; ++i) {
    const double turns = static_cast<double>(i) / kSamples;
    add(Sine(turns));
    add(Cosine(turns));
  }
  CHECK_EQ(sum, 2981580198645890757u);
}

}  // namespace
}  // namespace cudnn_gru
