#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_ELEMENT_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_ELEMENT_H_

#include <cmath>
#include <cstdint>
#include <cstring>

#include "api/cudnn_api.h"

// Elements of each data type as doubles, and back, to nearest even.
namespace doubles {

// 0 for a type that RNNs do not take.
inline size_t ElementBytes(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return 4;
    case CUDNN_DATA_DOUBLE:
      return 8;
    case CUDNN_DATA_HALF:
    case CUDNN_DATA_BFLOAT16:
      return 2;
    default:
      return 0;
  }
}

// `value` with `bits` bits of mantissa and no exponent below `lowest`.
inline double RoundMantissa(double value, int bits, int lowest) {
  if (value == 0 || !std::isfinite(value)) return value;
  int exponent;
  std::frexp(value, &exponent);
  if (exponent < lowest) exponent = lowest;
  const double unit = std::ldexp(1.0, exponent - bits);
  return std::nearbyint(value / unit) * unit;
}

inline double RoundTf32(double value) { return RoundMantissa(value, 11, -125); }

inline double RoundTo(cudnnDataType_t type, double value) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return static_cast<float>(value);
    case CUDNN_DATA_HALF: {
      const double rounded = RoundMantissa(value, 11, -13);
      return std::fabs(rounded) > 65504 ? std::copysign(INFINITY, value)
                                        : rounded;
    }
    case CUDNN_DATA_BFLOAT16:
      return static_cast<float>(RoundMantissa(value, 8, -125));
    default:
      return value;
  }
}

inline double LoadHalf(uint16_t bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = bits >> 10 & 31;
  const int mantissa = bits & 1023;
  if (exponent == 31) return mantissa != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

inline uint16_t StoreHalf(double value) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value)) return 0x7e00;
  const double size = std::fabs(RoundTo(CUDNN_DATA_HALF, value));
  if (std::isinf(size)) return sign | 0x7c00;
  if (size < 0x1p-14) return sign | static_cast<uint16_t>(std::ldexp(size, 24));
  int exponent;
  const double fraction = std::frexp(size, &exponent);  // [0.5, 1)
  const int mantissa = static_cast<int>(std::ldexp(fraction, 11)) - 1024;
  return sign | static_cast<uint16_t>((exponent + 14) << 10 | mantissa);
}

inline double Load(const char* from, cudnnDataType_t type, size_t index) {
  const char* at = from + index * ElementBytes(type);
  if (type == CUDNN_DATA_DOUBLE) {
    double value;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }
  if (type == CUDNN_DATA_HALF) {
    uint16_t bits;
    std::memcpy(&bits, at, sizeof(bits));
    return LoadHalf(bits);
  }
  uint32_t bits = 0;
  if (type == CUDNN_DATA_FLOAT) {
    std::memcpy(&bits, at, 4);
  } else {
    uint16_t upper;
    std::memcpy(&upper, at, 2);
    bits = static_cast<uint32_t>(upper) << 16;
  }
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

inline void Store(char* to, cudnnDataType_t type, size_t index, double value) {
  char* at = to + index * ElementBytes(type);
  if (type == CUDNN_DATA_DOUBLE) {
    std::memcpy(at, &value, sizeof(value));
    return;
  }
  if (type == CUDNN_DATA_HALF) {
    const uint16_t bits = StoreHalf(value);
    std::memcpy(at, &bits, sizeof(bits));
    return;
  }
  const float rounded = static_cast<float>(RoundTo(type, value));
  uint32_t bits;
  std::memcpy(&bits, &rounded, sizeof(bits));
  if (type == CUDNN_DATA_FLOAT) {
    std::memcpy(at, &bits, 4);
  } else {
    const uint16_t upper = static_cast<uint16_t>(bits >> 16);
    std::memcpy(at, &upper, 2);
  }
}

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_ELEMENT_H_
