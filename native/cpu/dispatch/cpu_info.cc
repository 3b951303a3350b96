#include "cpu/dispatch/cpu_info.h"

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstdint>
#endif

namespace cudnn_gru {

#if defined(__x86_64__)

namespace {

bool Bit(uint32_t word, int bit) { return ((word >> bit) & 1u) != 0; }

// Reads XCR0, which says which registers the operating system saves and
// restores.
uint64_t ReadXcr0() {
  uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
}

// Whether the CPU names AMD as its maker: "Auth" "enti" "cAMD" in three words.
bool IsFromAmd() {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0, &a, &b, &c, &d) != 0 && b == 0x68747541 &&
         d == 0x69746E65 && c == 0x444D4163;
}

}  // namespace

CpuFeatures DetectCpuFeatures() {
  CpuFeatures features;
  features.amd = IsFromAmd();
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return features;
  const bool osxsave = Bit(c, 27);
  const bool fma = Bit(c, 12);
  const bool f16c = Bit(c, 29);
  if (!osxsave) return features;
  const uint64_t xcr0 = ReadXcr0();
  const bool ymm = (xcr0 & 0x06) == 0x06;
  const bool zmm = (xcr0 & 0xE6) == 0xE6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  features.avx2 = ymm && fma && f16c && Bit(b, 5);
  features.avx512 = features.avx2 && zmm && Bit(b, 16) && Bit(b, 17) &&
                    Bit(b, 30) && Bit(b, 31);
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d)) return features;
  features.avx512_bf16 = features.avx512 && Bit(a, 5);
  return features;
}

#else

CpuFeatures DetectCpuFeatures() { return CpuFeatures(); }

#endif

}  // namespace cudnn_gru
