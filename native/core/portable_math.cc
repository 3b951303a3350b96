#include "core/portable_math.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace cudnn_gru {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLog2E = 1.44269504088896341;
// kLn2High has so few bits that n * kLn2High is exact.
constexpr double kLn2High = 6.93145751953125e-1;
constexpr double kLn2Low = 1.42860682030941723212e-6;
constexpr double kPi = 3.14159265358979323846;
constexpr double kTwoOverRootPi = 1.12837916709551257390;
// Up to here erf is below 1/2, so that 1 - erf loses none of its bits.
constexpr double kErfcTail = 0.4375;

// Returns 2^n for a normal number.
double PowerOf2(int n) {
  const uint64_t bits = static_cast<uint64_t>(n + 1023) << 52;
  double power;
  std::memcpy(&power, &bits, sizeof power);
  return power;
}

// Returns x 2^n, rounded once, for n from -1100 to 1024.
double Scale(double x, int n) {
  if (n > 1023) return x * 2.0 * PowerOf2(n - 1);
  if (n < -1022) return x * PowerOf2(n + 100) * PowerOf2(-100);
  return x * PowerOf2(n);
}

// Returns sum of coefficients[i] x^i.
template <int kTerms>
double Polynomial(const double (&coefficients)[kTerms], double x) {
  double sum = coefficients[kTerms - 1];
  for (int i = kTerms - 2; i >= 0; --i) sum = sum * x + coefficients[i];
  return sum;
}

// Divides x into n ln(2) + r, where |r| <= ln(2) / 2, and returns expm1(r).
double ReducedExpm1(double x, int* n) {
  // 1 / 2!, 1 / 3!, ... Further terms are below 2^-58 of the result.
  static const double kTerms[] = {
      1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
      1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
      1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  const double rounded = std::floor(x * kLog2E + 0.5);
  *n = static_cast<int>(rounded);
  const double coarse = x - rounded * kLn2High;
  const double r = coarse - rounded * kLn2Low;
  const double r_low = (coarse - r) - rounded * kLn2Low;
  return r + (r * r * Polynomial(kTerms, r) + r_low);
}

// Returns expm1(x) for 0 <= x < 50.
double Expm1(double x) {
  int n;
  const double p = ReducedExpm1(x, &n);
  return n == 0 ? p : Scale(p, n) + (Scale(1.0, n) - 1.0);
}

// Returns log(2^n (1 + f)) + low, where sqrt(1/2) <= 1 + f <= sqrt(2).
double LogOf(int n, double f, double low) {
  // With s = f / (2 + f), log(1 + f) is 2 s + s times the series
  // 2/3 s^2 + 2/5 s^4 + ... Further terms are below 2^-60 of the result.
  static const double kTerms[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,
                                  2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17,
                                  2.0 / 19, 2.0 / 21, 2.0 / 23};
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double series = z * Polynomial(kTerms, z);
  const double half_square = 0.5 * f * f;
  const double small = s * (half_square + series) + (n * kLn2Low + low);
  return n * kLn2High - ((half_square - small) - f);
}

// Divides a positive, finite x into 2^n (1 + f).
double ReduceLog(double x, int* n) {
  int exponent;
  double fraction = std::frexp(x, &exponent);
  constexpr double kRootHalf = 0.70710678118654752440;
  if (fraction < kRootHalf) {
    fraction *= 2.0;
    --exponent;
  }
  *n = exponent;
  return fraction - 1.0;
}

// Returns erf(x) for |x| <= 1/2.
double SmallErf(double x) {
  // (-1)^i / (i! (2 i + 1)). Further terms are below 2^-60 of the result.
  static const double kTerms[] = {
      1.0,          -1.0 / 3,       1.0 / 10,       -1.0 / 42,
      1.0 / 216,    -1.0 / 1320,    1.0 / 9360,     -1.0 / 75600,
      1.0 / 685440, -1.0 / 6894720, 1.0 / 76204800, -1.0 / 918086400};
  return kTwoOverRootPi * x * Polynomial(kTerms, x * x);
}

// Returns x without the lower half of its bits.
double UpperHalf(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits &= ~uint64_t{0x7FFFFFF};
  double high;
  std::memcpy(&high, &bits, sizeof high);
  return high;
}

// Returns dividend - divisor * quotient without rounding the product, for a
// quotient that is the rounded one. The products of the halves are exact.
double RemainderOf(double dividend, double divisor, double quotient) {
  const double product = divisor * quotient;
  const double divisor_high = UpperHalf(divisor);
  const double quotient_high = UpperHalf(quotient);
  const double divisor_low = divisor - divisor_high;
  const double quotient_low = quotient - quotient_high;
  const double lost =
      ((divisor_high * quotient_high - product) + divisor_high * quotient_low +
       divisor_low * quotient_high) +
      divisor_low * quotient_low;
  return (dividend - product) - lost;
}

// Returns erfc(x) for kErfcTail < x <= 27.5. exp(x^2) erfc(x) is a sum of
// Chebyshev polynomials of (x - 3.75) / (x + 3.75), divided by 1 + 2 x.
// scripts/chebyshev_erfc.py computes the coefficients. What roundings lose on
// the way is collected and added.
double ErfcTail(double x) {
  static const double kTerms[] = {
      1.17757893456740175,       -0.00459005458064647733,
      -0.0842491333665179156,    0.0592099399981918905,
      -0.0266586684353057523,    0.00907499767070526509,
      -0.00241316354041760819,   0.000490775836525808632,
      -0.0000691697330250120637, 4.13902798607301017e-6,
      7.74038306619849067e-7,    -2.18864010492343957e-7,
      1.07649994656709104e-8,    4.5219598112182869e-9,
      -7.75440020883135111e-10,  -6.31808834088668449e-11,
      2.8687950109306699e-11,    1.94558685457773472e-13,
      -9.65469674843343891e-13,  3.25254814814873984e-14,
      3.34781194828680539e-14,   -1.8645628804193131e-15,
      -1.25079505306886471e-15,  7.41823525662404346e-17,
      5.06814890479611132e-17};
  // The part of the first term that a double loses.
  constexpr double kFirstTermLow = 5.12872820610572242e-17;
  constexpr int kCount = sizeof kTerms / sizeof *kTerms;
  const double t = (x - 3.75) / (x + 3.75);
  double next = 0.0;
  double after = 0.0;
  for (int i = kCount - 1; i > 0; --i) {
    const double here = 2.0 * t * next - after + kTerms[i];
    after = next;
    next = here;
  }
  const double rest = t * next - after;
  const double sum = kTerms[0] + rest;
  const double sum_low = rest - (sum - kTerms[0]) + kFirstTermLow;
  const double divisor = 2.0 * x + 1.0;
  const double divisor_low =
      x > 0.5 ? 1.0 - (divisor - 2.0 * x) : 2.0 * x - (divisor - 1.0);
  const double quotient = sum / divisor;
  const double remainder = RemainderOf(sum, divisor, quotient);
  // The square of the upper half of x is exact, and the rest of the square is
  // small.
  const double high = UpperHalf(x);
  const double square_rest = (x - high) * (x + high);
  int n;
  const double low = (remainder + sum_low - quotient * divisor_low) / divisor +
                     quotient * ReducedExpm1(-square_rest, &n);
  const double p = ReducedExpm1(-high * high, &n);
  return Scale(quotient + (quotient * p + (low + low * p)), n);
}

}  // namespace

double PortableExp(double x) {
  if (std::isnan(x)) return x;
  if (x > 710.0) return kInfinity;
  if (x < -746.0) return 0.0;
  int n;
  const double p = ReducedExpm1(x, &n);
  return Scale(1.0 + p, n);
}

double PortableLog(double x) {
  if (std::isnan(x) || x == kInfinity) return x;
  if (x == 0.0) return -kInfinity;
  if (x < 0.0) return std::numeric_limits<double>::quiet_NaN();
  int n;
  const double f = ReduceLog(x, &n);
  return LogOf(n, f, 0.0);
}

double PortableLog1p(double x) {
  if (std::isnan(x) || x == kInfinity || x == 0.0) return x;
  if (x == -1.0) return -kInfinity;
  if (x < -1.0) return std::numeric_limits<double>::quiet_NaN();
  // sqrt(1/2) - 1 and sqrt(2) - 1.
  if (x > -0.2928 && x < 0.4142) return LogOf(0, x, 0.0);
  const double sum = 1.0 + x;
  const double lost = x > 1.0 ? 1.0 - (sum - x) : x - (sum - 1.0);
  int n;
  const double f = ReduceLog(sum, &n);
  return LogOf(n, f, lost / sum);
}

double PortableErfc(double x) {
  if (std::isnan(x)) return x;
  const double size = std::fabs(x);
  if (size <= kErfcTail) return 1.0 - SmallErf(x);
  if (size > 27.5) return x > 0.0 ? 0.0 : 2.0;
  const double tail = ErfcTail(size);
  return x > 0.0 ? tail : 2.0 - tail;
}

double PortableTanh(double x) {
  if (std::isnan(x)) return x;
  const double size = std::fabs(x);
  double result = 1.0;
  if (size < 20.0) {
    const double power = Expm1(2.0 * size);
    const double divisor = power + 2.0;
    if (size < 1.0) {
      const double quotient = power / divisor;
      const double divisor_low = power - (divisor - 2.0);
      result = quotient - quotient * divisor_low / divisor;
    } else {
      result = 1.0 - 2.0 / divisor;
    }
  }
  return std::copysign(result, x);
}

float PortableExp(float x) {
  return static_cast<float>(PortableExp(static_cast<double>(x)));
}

float PortableLog(float x) {
  return static_cast<float>(PortableLog(static_cast<double>(x)));
}

float PortableLog1p(float x) {
  return static_cast<float>(PortableLog1p(static_cast<double>(x)));
}

void PortableSinCos(double turns, double* sine, double* cosine) {
  // -1 / 3!, 1 / 5!, ..., and -1 / 2!, 1 / 4!, ...
  static const double kSine[] = {-1.0 / 6,
                                 1.0 / 120,
                                 -1.0 / 5040,
                                 1.0 / 362880,
                                 -1.0 / 39916800,
                                 1.0 / 6227020800,
                                 -1.0 / 1307674368e3,
                                 1.0 / 355687428096e3};
  static const double kCosine[] = {
      -1.0 / 2,       1.0 / 24,        -1.0 / 720,         1.0 / 40320,
      -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888e3};
  // Dividing the turn into quarters loses no bit.
  const double quarter = std::floor(4.0 * turns + 0.5);
  const double x = 2.0 * kPi * (turns - 0.25 * quarter);
  const double square = x * x;
  const double s = x + x * square * Polynomial(kSine, square);
  const double c = 1.0 + square * Polynomial(kCosine, square);
  switch (static_cast<int>(quarter) % 4) {
    case 0:
      *sine = s;
      *cosine = c;
      break;
    case 1:
      *sine = c;
      *cosine = -s;
      break;
    case 2:
      *sine = -s;
      *cosine = -c;
      break;
    default:
      *sine = -c;
      *cosine = s;
      break;
  }
}

}  // namespace cudnn_gru
