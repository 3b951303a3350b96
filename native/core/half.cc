#include "core/half.h"

#include <algorithm>
#include <atomic>
#include <functional>

#include "core/float_bits.h"
#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

uint16_t NarrowBfloat16(float value) {
  const uint32_t bits = BitsOf(value);
  const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t quiet_nan = (bits >> 16) | 0x40u;
  return static_cast<uint16_t>((bits & 0x7FFFFFFFu) > 0x7F800000u ? quiet_nan
                                                                  : rounded);
}

float WidenBfloat16(uint16_t bits) {
  return ValueOf(static_cast<uint32_t>(bits) << 16);
}

uint16_t NarrowFloat16(float value) {
  const uint32_t bits = BitsOf(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  uint32_t half;
  if (magnitude > 0x7F800000u) {
    half = 0x7E00u | ((magnitude >> 13) & 0x3FFu);
  } else if (magnitude >= 0x477FF000u) {
    half = 0x7C00u;  // 65,520 and more round to infinity
  } else if (magnitude >= 0x38800000u) {
    // A normal number: rounds 13 bits away to nearest even, and changes the
    // exponent's bias.
    half = (magnitude + 0xFFFu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
  } else {
    // A subnormal number: after 0.5 is added, the last bit of the float has the
    // value of the last bit of the half, so the addition itself rounds.
    half = BitsOf(ValueOf(magnitude) + 0.5f) - 0x3F000000u;
  }
  return static_cast<uint16_t>(sign | half);
}

float WidenFloat16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t magnitude = bits & 0x7FFFu;
  if (magnitude >= 0x7C00u) {
    return ValueOf(sign | 0x7F800000u | ((magnitude & 0x3FFu) << 13));
  }
  // The factor 2^112 changes the exponent's bias, and makes subnormal numbers
  // normal.
  const float scaled = ValueOf(magnitude << 13) * 0x1p112f;
  return ValueOf(sign | BitsOf(scaled));
}

template <float (*kWiden)(uint16_t)>
void WidenScalar(const uint16_t* bits, float* values, size_t n) {
  for (size_t i = 0; i < n; ++i) values[i] = kWiden(bits[i]);
}

template <uint16_t (*kNarrow)(float)>
void NarrowScalar(const float* values, uint16_t* bits, size_t n) {
  for (size_t i = 0; i < n; ++i) bits[i] = kNarrow(values[i]);
}

template <float (*kWiden)(uint16_t), uint16_t (*kNarrow)(float)>
void RoundScalar(float* values, size_t n) {
  for (size_t i = 0; i < n; ++i) values[i] = kWiden(kNarrow(values[i]));
}

template <float (*kWiden)(uint16_t), uint16_t (*kNarrow)(float)>
constexpr HalfConversions MakeScalar() {
  return {&WidenScalar<kWiden>, &NarrowScalar<kNarrow>,
          &RoundScalar<kWiden, kNarrow>};
}

constexpr HalfKernels kScalar = {MakeScalar<WidenFloat16, NarrowFloat16>(),
                                 MakeScalar<WidenBfloat16, NarrowBfloat16>()};

std::atomic<const HalfKernels*> kernels_in_use{&kScalar};

const HalfConversions& ConversionsOf(StateRounding type) {
  const HalfKernels& kernels = *kernels_in_use.load(std::memory_order_acquire);
  return type == StateRounding::kFloat16 ? kernels.float16 : kernels.bfloat16;
}

// A thread converts so many elements in some tens of microseconds. Waking the
// thread takes a fraction of that.
constexpr size_t kElementsPerThread = static_cast<size_t>(256) << 10;

// Divides [0, n) into parts and runs convert(begin, count) for each.
template <typename Convert>
void Divide(size_t n, int threads, const Convert& convert) {
  const size_t parts = std::min(n / kElementsPerThread,
                                static_cast<size_t>(std::max(threads, 1)));
  if (parts > 1) {
    // Parts begin at the border of a cache line, in the arrays of both types.
    const size_t part = ((n + parts - 1) / parts + 31) / 32 * 32;
    const auto body = [&](int index) {
      const size_t begin = std::min(n, part * static_cast<size_t>(index));
      convert(begin, std::min(part, n - begin));
    };
    if (ThreadPool::Get().TryRun(static_cast<int>(parts), std::cref(body))) {
      return;
    }
  }
  convert(0, n);
}

}  // namespace

const HalfKernels& ScalarHalfKernels() { return kScalar; }

void UseHalfKernels(const HalfKernels& kernels) {
  kernels_in_use.store(&kernels, std::memory_order_release);
}

void Widen(StateRounding type, const uint16_t* bits, float* values, size_t n) {
  ConversionsOf(type).widen(bits, values, n);
}

void Narrow(StateRounding type, const float* values, uint16_t* bits, size_t n) {
  ConversionsOf(type).narrow(values, bits, n);
}

void Widen(StateRounding type, const uint16_t* bits, float* values, size_t n,
           int threads) {
  const auto widen = ConversionsOf(type).widen;
  Divide(n, threads, [&](size_t begin, size_t count) {
    widen(bits + begin, values + begin, count);
  });
}

void Narrow(StateRounding type, const float* values, uint16_t* bits, size_t n,
            int threads) {
  const auto narrow = ConversionsOf(type).narrow;
  Divide(n, threads, [&](size_t begin, size_t count) {
    narrow(values + begin, bits + begin, count);
  });
}

void RoundValues(StateRounding type, float* values, size_t n) {
  if (type != StateRounding::kNone) ConversionsOf(type).round(values, n);
}

}  // namespace cudnn_gru
