#include "cpu/dispatch/cache_size.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace cudnn_gru {
namespace {

constexpr size_t kUsualBytes = static_cast<size_t>(1) << 20;

#if defined(__x86_64__)

// Both leaves describe one cache for each subleaf, in one format: Intel has the
// first one, AMD the second one.
constexpr uint32_t kLeaves[] = {4, 0x8000001D};
constexpr uint32_t kMostCaches = 16;

// Returns the bits from `first` to `last` of a word.
uint32_t Bits(uint32_t word, int first, int last) {
  return (word >> first) & ((1u << (last - first + 1)) - 1);
}

// Returns 0 when the leaf has no second-level cache.
size_t SecondCacheOfLeaf(uint32_t leaf) {
  for (uint32_t cache = 0; cache < kMostCaches; ++cache) {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(leaf, cache, &a, &b, &c, &d)) return 0;
    constexpr uint32_t kNone = 0, kInstructions = 2;
    const uint32_t type = Bits(a, 0, 4);
    if (type == kNone) return 0;
    if (type == kInstructions || Bits(a, 5, 7) != 2) continue;
    const size_t ways = size_t{1} + Bits(b, 22, 31);
    const size_t partitions = size_t{1} + Bits(b, 12, 21);
    const size_t line = size_t{1} + Bits(b, 0, 11);
    const size_t sets = size_t{1} + c;
    return ways * partitions * line * sets;
  }
  return 0;
}

size_t FindSecondCache() {
  for (const uint32_t leaf : kLeaves) {
    const size_t bytes = SecondCacheOfLeaf(leaf);
    if (bytes != 0) return bytes;
  }
  return kUsualBytes;
}

#else

size_t FindSecondCache() { return kUsualBytes; }

#endif

}  // namespace

size_t SecondCacheBytes() {
  static const size_t bytes = FindSecondCache();
  return bytes;
}

}  // namespace cudnn_gru
