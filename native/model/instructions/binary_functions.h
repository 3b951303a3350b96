#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_BINARY_FUNCTIONS_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_BINARY_FUNCTIONS_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace cudnn_gru {

// The functions of the instruction `binary`, as Keras computes them on
// TensorFlow. Each is a type with a static function Of(a, b). int32 wraps
// around.

struct Add {
  template <typename T>
  static T Of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<uint32_t>(a) +
                            static_cast<uint32_t>(b));
    } else {
      return a + b;
    }
  }
};

struct Subtract {
  template <typename T>
  static T Of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<uint32_t>(a) -
                            static_cast<uint32_t>(b));
    } else {
      return a - b;
    }
  }
};

struct Multiply {
  template <typename T>
  static T Of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<uint32_t>(a) *
                            static_cast<uint32_t>(b));
    } else {
      return a * b;
    }
  }
};

struct SquaredDifference {
  template <typename T>
  static T Of(T a, T b) {
    const T difference = Subtract::Of(a, b);
    return Multiply::Of(difference, difference);
  }
};

// The quotient of two integers, rounded towards zero. It is 0 for the divisor
// 0, and wraps around for -2^31 / -1.
inline int32_t Quotient(int32_t a, int32_t b) {
  if (b == 0) return 0;
  return static_cast<int32_t>(static_cast<int64_t>(a) /
                              static_cast<int64_t>(b));
}

struct Divide {
  template <typename T>
  static T Of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return Quotient(a, b);
    } else {
      return a / b;
    }
  }
};

// The remainder with the sign of b. It is 0 for the integer b = 0.
struct Mod {
  template <typename T>
  static T Of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0 || b == -1) return 0;
      const T rest = a % b;
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    } else {
      const T rest = std::fmod(a, b);
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
  }
};

// The quotient rounded down. It is 0 for the integer b = 0.
struct FloorDivide {
  template <typename T>
  static T Of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      const T quotient = Quotient(a, b);
      return Mod::Of(a, b) != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    } else {
      return std::floor(a / b);
    }
  }
};

// Of integers with a negative exponent, the power rounded towards zero.
struct Power {
  template <typename T>
  static T Of(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      if (b < 0) {
        if (a == 1) return 1;
        if (a == -1) return b % 2 == 0 ? 1 : -1;
        return 0;
      }
      uint32_t power = 1;
      uint32_t square = static_cast<uint32_t>(a);
      for (uint32_t left = static_cast<uint32_t>(b); left != 0; left >>= 1) {
        if ((left & 1) != 0) power *= square;
        square *= square;
      }
      return static_cast<T>(power);
    } else {
      return static_cast<T>(
          std::pow(static_cast<double>(a), static_cast<double>(b)));
    }
  }
};

// NaN wins.
struct Maximum {
  template <typename T>
  static T Of(T a, T b) {
    return a > b || a != a ? a : b;
  }
};

struct Minimum {
  template <typename T>
  static T Of(T a, T b) {
    return a < b || a != a ? a : b;
  }
};

struct Arctan2 {
  template <typename T>
  static T Of(T a, T b) {
    return static_cast<T>(
        std::atan2(static_cast<double>(a), static_cast<double>(b)));
  }
};

struct Equal {
  template <typename T>
  static uint8_t Of(T a, T b) {
    return a == b;
  }
};

struct NotEqual {
  template <typename T>
  static uint8_t Of(T a, T b) {
    return a != b;
  }
};

struct Less {
  template <typename T>
  static uint8_t Of(T a, T b) {
    return a < b;
  }
};

struct LessEqual {
  template <typename T>
  static uint8_t Of(T a, T b) {
    return a <= b;
  }
};

struct LogicalAnd {
  static uint8_t Of(uint8_t a, uint8_t b) { return a & b; }
};

struct LogicalOr {
  static uint8_t Of(uint8_t a, uint8_t b) { return a | b; }
};

struct LogicalXor {
  static uint8_t Of(uint8_t a, uint8_t b) { return a ^ b; }
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_BINARY_FUNCTIONS_H_
