#include "core/half.h"

#include <cstring>

namespace cudnn_gru {
namespace {

uint32_t Bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float Value(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint16_t NarrowBfloat16(float value) {
  const uint32_t bits = Bits(value);
  const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t quiet_nan = (bits >> 16) | 0x40u;
  return static_cast<uint16_t>((bits & 0x7FFFFFFFu) > 0x7F800000u ? quiet_nan
                                                                  : rounded);
}

float WidenBfloat16(uint16_t bits) {
  return Value(static_cast<uint32_t>(bits) << 16);
}

uint16_t NarrowFloat16(float value) {
  const uint32_t bits = Bits(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  uint32_t half;
  if (magnitude > 0x7F800000u) {
    half = 0x7E00u | ((magnitude >> 13) & 0x3FFu);
  } else if (magnitude >= 0x477FF000u) {
    half = 0x7C00u;  // 65,520 and more round to infinity
  } else if (magnitude >= 0x38800000u) {
    // Normal: drop 13 bits to nearest even, and move the exponent's bias.
    half = (magnitude + 0xFFFu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
  } else {
    // Subnormal: adding 0.5 makes the float's own rounding fall on the last
    // bit of the half.
    half = Bits(Value(magnitude) + 0.5f) - 0x3F000000u;
  }
  return static_cast<uint16_t>(sign | half);
}

float WidenFloat16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t magnitude = bits & 0x7FFFu;
  if (magnitude >= 0x7C00u) {
    return Value(sign | 0x7F800000u | ((magnitude & 0x3FFu) << 13));
  }
  // 2^112 moves the bias, and makes subnormals normal on the way.
  const float scaled = Value(magnitude << 13) * 0x1p112f;
  return Value(sign | Bits(scaled));
}

}  // namespace

void Widen(StateRounding type, const uint16_t* bits, float* values, size_t n) {
  if (type == StateRounding::kFloat16) {
    for (size_t i = 0; i < n; ++i) values[i] = WidenFloat16(bits[i]);
  } else {
    for (size_t i = 0; i < n; ++i) values[i] = WidenBfloat16(bits[i]);
  }
}

void Narrow(StateRounding type, const float* values, uint16_t* bits, size_t n) {
  if (type == StateRounding::kFloat16) {
    for (size_t i = 0; i < n; ++i) bits[i] = NarrowFloat16(values[i]);
  } else {
    for (size_t i = 0; i < n; ++i) bits[i] = NarrowBfloat16(values[i]);
  }
}

void RoundValues(StateRounding type, float* values, size_t n) {
  if (type == StateRounding::kFloat16) {
    for (size_t i = 0; i < n; ++i) {
      values[i] = WidenFloat16(NarrowFloat16(values[i]));
    }
  } else if (type == StateRounding::kBfloat16) {
    for (size_t i = 0; i < n; ++i) {
      values[i] = WidenBfloat16(NarrowBfloat16(values[i]));
    }
  }
}

}  // namespace cudnn_gru
