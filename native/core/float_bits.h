#ifndef CUDNN_GRU_CORE_FLOAT_BITS_H_
#define CUDNN_GRU_CORE_FLOAT_BITS_H_

#include <cstdint>
#include <cstring>

namespace cudnn_gru {

// Return the bits of a float32 number, and the number that has these bits.
inline uint32_t BitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline float ValueOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_FLOAT_BITS_H_
