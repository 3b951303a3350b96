#ifndef CUDNN_GRU_MODEL_CONVERT_H_
#define CUDNN_GRU_MODEL_CONVERT_H_

#include <cstdint>
#include <limits>
#include <type_traits>

namespace cudnn_gru {

// Converts a number to another element type, where uint8_t is a bool. A float
// becomes an integer towards zero; NaN and numbers outside of int32 become
// -2^31. A bool is true for everything but zero, NaN included.
template <typename To, typename From>
To Convert(From value) {
  if constexpr (std::is_same_v<To, uint8_t>) {
    return value != From(0) ? 1 : 0;
  } else if constexpr (std::is_same_v<From, uint8_t>) {
    return static_cast<To>(value != 0 ? 1 : 0);
  } else if constexpr (std::is_integral_v<To> &&
                       std::is_floating_point_v<From>) {
    const double number = static_cast<double>(value);
    return number > -2147483649.0 && number < 2147483648.0
               ? static_cast<To>(number)
               : std::numeric_limits<To>::min();
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_CONVERT_H_
