// float16 and bfloat16 conversions against the compiler's own type and against
// rounding by definition.
#include "core/half.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "generator.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::StateRounding;

float FromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint16_t NarrowOne(StateRounding type, float value) {
  uint16_t bits;
  cudnn_gru::Narrow(type, &value, &bits, 1);
  return bits;
}

float WidenOne(StateRounding type, uint16_t bits) {
  float value;
  cudnn_gru::Widen(type, &bits, &value, 1);
  return value;
}

// Widening is exact, so that every 16-bit value comes back.
TEST_CASE("every 16-bit value comes back") {
  for (StateRounding type :
       {StateRounding::kFloat16, StateRounding::kBfloat16}) {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const float value = WidenOne(type, static_cast<uint16_t>(bits));
      const uint16_t back = NarrowOne(type, value);
      CHECK_MESSAGE(
          (std::isnan(value) ? std::isnan(WidenOne(type, back)) : back == bits),
          Format("16 bits %04x became %04x", bits, back));
    }
  }
}

#if defined(__aarch64__)
using CompilersHalf = __fp16;
#define GRU_TEST_HALF
#elif defined(__FLT16_MANT_DIG__)
using CompilersHalf = _Float16;
#define GRU_TEST_HALF
#endif

#ifdef GRU_TEST_HALF
TEST_CASE("float16 is the compiler's") {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const uint16_t half = static_cast<uint16_t>(bits);
    CompilersHalf expected;
    std::memcpy(&expected, &half, sizeof expected);
    const float value = WidenOne(StateRounding::kFloat16, half);
    CHECK_MESSAGE((std::isnan(value) ? std::isnan(static_cast<float>(expected))
                                     : value == static_cast<float>(expected)),
                  Format("float16 %04x widens to %.9g", bits,
                         static_cast<double>(value)));
  }
  Generator generator(3);
  for (int i = 0; i < 2000000; ++i) {
    const float value = FromBits(static_cast<uint32_t>(generator.Next()));
    const CompilersHalf expected = static_cast<CompilersHalf>(value);
    const float found = WidenOne(StateRounding::kFloat16,
                                 NarrowOne(StateRounding::kFloat16, value));
    CHECK_MESSAGE(
        (std::isnan(value) ? std::isnan(found)
                           : found == static_cast<float>(expected) &&
                                 std::signbit(found) == std::signbit(value)),
        Format("%.9g narrows to %.9g", static_cast<double>(value),
               static_cast<double>(found)));
  }
}
#endif

// A bfloat16 is a float of 8 significant bits: nearest, ties to the even one.
TEST_CASE("bfloat16 rounds to nearest even") {
  Generator generator(4);
  for (int i = 0; i < 500000; ++i) {
    const float value = FromBits(static_cast<uint32_t>(generator.Next()));
    const float found = WidenOne(StateRounding::kBfloat16,
                                 NarrowOne(StateRounding::kBfloat16, value));
    if (std::isnan(value)) {
      CHECK_MESSAGE(std::isnan(found),
                    Format("NaN became %.9g", static_cast<double>(found)));
      continue;
    }
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const float below = FromBits(bits & 0xFFFF0000u);
    const uint32_t dropped = bits & 0xFFFFu;
    const float above = FromBits((bits & 0xFFFF0000u) + 0x10000u);
    const bool up =
        dropped > 0x8000u || (dropped == 0x8000u && (bits & 0x10000u) != 0);
    CHECK_MESSAGE(found == (up ? above : below),
                  Format("%.9g rounds to %.9g", static_cast<double>(value),
                         static_cast<double>(found)));
  }
}

}  // namespace
}  // namespace cudnn_gru_test
