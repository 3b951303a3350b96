// float16 and bfloat16 conversions: the scalar ones against the compiler's own
// type and against rounding by definition, then those of every instruction set
// against the scalar ones, bit by bit.
//
// One test case narrows and rounds all 2^32 floats, which takes minutes, and is
// run by `half_test --no-skip --test-case="every float*"` alone; the others
// take some 3 million that have every exponent and every kind of rounding.
#include "core/half.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "cpu/dispatch/dispatch.h"
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

using cudnn_gru::HalfConversions;
using cudnn_gru::HalfKernels;

uint32_t ToBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// The first place where two arrays differ in a bit, or n.
template <typename T>
size_t FirstDifference(const std::vector<T>& a, const std::vector<T>& b) {
  if (std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0) {
    return a.size();
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::memcmp(&a[i], &b[i], sizeof(T)) != 0) return i;
  }
  return a.size();
}

// One set's conversions of one type beside the scalar ones.
struct Pair {
  std::string name;
  const HalfConversions& tested;
  const HalfConversions& scalar;
};

// Runs `test` in one subcase for each instruction set: --subcase=avx2 picks
// one.
template <typename Test>
void ForEveryPair(Test test) {
  const HalfKernels& scalar = cudnn_gru::ScalarHalfKernels();
  for (const auto& isa : cudnn_gru::AvailableIsas()) {
    if (isa.kernels == nullptr) continue;
    SUBCASE(isa.name) {
      const HalfKernels& kernels = isa.kernels->half;
      const std::string name = isa.name;
      test(Pair{name + " float16", kernels.float16, scalar.float16});
      test(Pair{name + " bfloat16", kernels.bfloat16, scalar.bfloat16});
    }
  }
}

void WidensEveryValueAlike(const Pair& pair) {
  std::vector<uint16_t> bits(65536);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(i);
  std::vector<float> expected(bits.size()), found(bits.size());
  pair.scalar.widen(bits.data(), expected.data(), bits.size());
  pair.tested.widen(bits.data(), found.data(), bits.size());
  const size_t at = FirstDifference(expected, found);
  CHECK_MESSAGE(
      at == bits.size(),
      Format("%s widens %04zx to %08x, not %08x", pair.name.c_str(), at,
             ToBits(found[at % 65536]), ToBits(expected[at % 65536])));
}

void NarrowsAlike(const Pair& pair, const std::vector<float>& values) {
  const size_t n = values.size();
  std::vector<uint16_t> expected(n), found(n);
  pair.scalar.narrow(values.data(), expected.data(), n);
  pair.tested.narrow(values.data(), found.data(), n);
  size_t at = FirstDifference(expected, found);
  CHECK_MESSAGE(
      at == n, Format("%s narrows %08x to %04x, not %04x", pair.name.c_str(),
                      ToBits(values[at % n]), found[at % n], expected[at % n]));
  std::vector<float> rounded = values, widened(n);
  pair.tested.round(rounded.data(), n);
  pair.scalar.widen(expected.data(), widened.data(), n);
  at = FirstDifference(widened, rounded);
  CHECK_MESSAGE(at == n,
                Format("%s rounds %08x to %08x, not %08x", pair.name.c_str(),
                       ToBits(values[at % n]), ToBits(rounded[at % n]),
                       ToBits(widened[at % n])));
}

// Every sign, exponent and upper 7 bits of the mantissa, with lower 16 bits
// around each place where a rounding to either type changes.
std::vector<float> DenseFloats() {
  std::vector<uint32_t> lower;
  for (uint32_t place : {0u, 0x1000u, 0x2000u, 0x3000u, 0x8000u, 0xF000u}) {
    for (uint32_t near : {0xFFFFu, 0u, 1u}) {
      lower.push_back((place + near) & 0xFFFFu);
    }
  }
  // Half a unit of a subnormal float16 lies at any of the bits.
  for (int bit = 0; bit < 16; ++bit) lower.push_back(1u << bit);
  Generator generator(5);
  for (int i = 0; i < 8; ++i) {
    lower.push_back(static_cast<uint32_t>(generator.Next()) & 0xFFFFu);
  }
  std::vector<float> values;
  values.reserve(lower.size() << 16);
  for (uint32_t upper = 0; upper < 65536; ++upper) {
    for (uint32_t bits : lower) values.push_back(FromBits(upper << 16 | bits));
  }
  return values;
}

void NarrowsEveryFloatAlike(const Pair& pair) {
  std::vector<float> values(1u << 20);
  for (uint32_t part = 0; part < 4096; ++part) {
    for (uint32_t i = 0; i < values.size(); ++i) {
      values[i] = FromBits(part << 20 | i);
    }
    NarrowsAlike(pair, values);
  }
}

// Arrays of any length at any address: NaN of both kinds in every lane, and
// what lies before and behind stays as it was.
void EveryLengthAlike(const Pair& pair) {
  constexpr size_t kLongest = 70;
  constexpr size_t kMargin = 3;
  constexpr uint16_t kGuard = 0x1234;
  Generator generator(6);
  for (size_t n = 0; n <= kLongest; ++n) {
    const size_t margin = n % (kMargin + 1);
    const size_t all = n + 2 * kMargin;
    std::vector<uint16_t> bits(all, kGuard);
    for (size_t i = 0; i < n; ++i) {
      bits[margin + i] = static_cast<uint16_t>(generator.Next());
      if (i % 3 == n % 3) bits[margin + i] |= 0x7F81u;
    }
    const float guard = FromBits(0x7F812345u);
    std::vector<float> expected(all, guard), found(all, guard);
    pair.scalar.widen(bits.data() + margin, expected.data() + margin, n);
    pair.tested.widen(bits.data() + margin, found.data() + margin, n);
    CHECK_MESSAGE(FirstDifference(expected, found) == all,
                  Format("%s widens %zu elements", pair.name.c_str(), n));

    std::vector<float> values(all, guard);
    for (size_t i = 0; i < n; ++i) {
      values[margin + i] = FromBits(static_cast<uint32_t>(generator.Next()));
      if (i % 3 == n % 3) values[margin + i] = FromBits(0xFF812345u);
    }
    std::vector<uint16_t> narrow(all, kGuard), narrowed(all, kGuard);
    pair.scalar.narrow(values.data() + margin, narrow.data() + margin, n);
    pair.tested.narrow(values.data() + margin, narrowed.data() + margin, n);
    CHECK_MESSAGE(FirstDifference(narrow, narrowed) == all,
                  Format("%s narrows %zu elements", pair.name.c_str(), n));

    std::vector<float> rounded = values;
    pair.scalar.round(values.data() + margin, n);
    pair.tested.round(rounded.data() + margin, n);
    CHECK_MESSAGE(FirstDifference(values, rounded) == all,
                  Format("%s rounds %zu elements", pair.name.c_str(), n));
  }
}

// Arrays so long that they are stored around the caches, at addresses that such
// stores take and at others.
void LongArraysAlike(const Pair& pair) {
  constexpr size_t kLongest = (size_t{4} << 20) + 100;
  std::vector<uint16_t> bits(kLongest);
  for (size_t i = 0; i < kLongest; ++i) bits[i] = static_cast<uint16_t>(i);
  std::vector<float> expected(kLongest), found(kLongest + 16);
  pair.scalar.widen(bits.data(), expected.data(), kLongest);
  for (size_t shift : {0, 1, 5, 8, 15}) {
    const size_t n = kLongest - 3 * shift;
    std::fill(found.begin(), found.end(), 9.0f);
    pair.tested.widen(bits.data(), found.data() + shift, n);
    CHECK_MESSAGE(std::memcmp(found.data() + shift, expected.data(),
                              n * sizeof(float)) == 0,
                  Format("%s widens a long array, shifted by %zu",
                         pair.name.c_str(), shift));
    const auto kept = [](float value) { return value == 9.0f; };
    CHECK_MESSAGE((std::all_of(found.begin(), found.begin() + shift, kept) &&
                   std::all_of(found.begin() + shift + n, found.end(), kept)),
                  Format("%s widens beyond a long array, shifted by %zu",
                         pair.name.c_str(), shift));
  }
}

TEST_CASE("every 16-bit value widens alike") {
  ForEveryPair(WidensEveryValueAlike);
}

TEST_CASE("floats of every exponent narrow alike") {
  const std::vector<float> dense = DenseFloats();
  ForEveryPair([&](const Pair& pair) { NarrowsAlike(pair, dense); });
}

TEST_CASE("every float narrows alike" * doctest::skip()) {
  ForEveryPair(NarrowsEveryFloatAlike);
}

TEST_CASE("arrays of every length are converted alike") {
  ForEveryPair(EveryLengthAlike);
}

TEST_CASE("long arrays are converted alike") { ForEveryPair(LongArraysAlike); }

// Large arrays in parts: none is left out, and none done by another's end.
TEST_CASE("threads convert large arrays alike") {
  cudnn_gru::ThreadPool::Get().set_threads(3);
  for (const auto& isa : cudnn_gru::AvailableIsas()) {
    if (isa.kernels == nullptr) continue;
    cudnn_gru::UseHalfKernels(isa.kernels->half);
    for (size_t n : {size_t{3} << 18, (size_t{3} << 18) + 1,
                     (size_t{1} << 20) + 4321, (size_t{1} << 20) - 1}) {
      std::vector<uint16_t> bits(n), back(n, 1);
      for (size_t i = 0; i < n; ++i) {
        bits[i] = static_cast<uint16_t>(1 + i % 0x7BFF);
      }
      std::vector<float> expected(n), found(n);
      cudnn_gru::ScalarHalfKernels().float16.widen(bits.data(), expected.data(),
                                                   n);
      cudnn_gru::Widen(StateRounding::kFloat16, bits.data(), found.data(), n,
                       3);
      CHECK_MESSAGE(
          FirstDifference(expected, found) == n,
          Format("3 threads with %s widen %zu elements", isa.name, n));
      cudnn_gru::Narrow(StateRounding::kFloat16, found.data(), back.data(), n,
                        3);
      CHECK_MESSAGE(
          FirstDifference(bits, back) == n,
          Format("3 threads with %s narrow %zu elements", isa.name, n));
    }
  }
}

// Choosing the CPU's kernels chooses the conversions. All sets give the same
// bits, so one that leaves a mark tells whether it is still in use.
bool marked = false;

TEST_CASE("the choice of kernels chooses the conversions") {
  HalfKernels marking = cudnn_gru::ScalarHalfKernels();
  marking.float16.widen = [](const uint16_t*, float*, size_t) {
    marked = true;
  };
  static const HalfKernels used = marking;
  cudnn_gru::UseHalfKernels(used);
  WidenOne(StateRounding::kFloat16, 0);
  CHECK_MESSAGE(marked, "the kernels that were put in are not used");
  // The first choice of the process replaces them.
  cudnn_gru::CpuIsa isa;
  CHECK_MESSAGE(cudnn_gru::SelectedIsa(&isa).ok(), "no instruction set");
  marked = false;
  CHECK_MESSAGE(
      (WidenOne(StateRounding::kFloat16, 0x3C00) == 1.0f && !marked),
      "the choice of the CPU's kernels did not choose the conversions");
}

}  // namespace
}  // namespace cudnn_gru_test
