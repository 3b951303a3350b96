#ifndef CUDNN_GRU_CPU_KERNELS_HALF_AVX2_H_
#define CUDNN_GRU_CPU_KERNELS_HALF_AVX2_H_

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace {

// The interface of half.inc (contract: half_avx512.h), for AVX2 with F16C. It
// works on two vectors at a time, because narrowing packs two into one. NaN is
// rare, so one branch for all lanes costs less than a selection in each lane.
struct HalfVec {
  struct Wide {
    __m256 low;
    __m256 high;
  };
  using Bits = __m256i;
  static constexpr size_t kLanes = 16;

  static Wide Load(const float* p) {
    return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
  }
  static void Store(float* p, const Wide& x) {
    _mm256_storeu_ps(p, x.low);
    _mm256_storeu_ps(p + 8, x.high);
  }
  static void Stream(float* p, const Wide& x) {
    _mm256_stream_ps(p, x.low);
    _mm256_stream_ps(p + 8, x.high);
  }
  static void FinishStreams() { _mm_sfence(); }
  static Bits LoadBits(const uint16_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void StoreBits(uint16_t* p, Bits b) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), b);
  }

  static Wide WidenFloat16(Bits b) {
    const __m128i low = _mm256_castsi256_si128(b);
    const __m128i high = _mm256_extracti128_si256(b, 1);
    const Wide x = {_mm256_cvtph_ps(low), _mm256_cvtph_ps(high)};
    // The test is on integers, because clang would widen the bits of a
    // comparison of floats one by one.
    const __m256i nan =
        _mm256_cmpgt_epi16(_mm256_and_si256(b, _mm256_set1_epi16(0x7FFF)),
                           _mm256_set1_epi16(0x7C00));
    if (__builtin_expect(_mm256_testz_si256(nan, nan), 1)) return x;
    return {KeepSignalling(x.low, low), KeepSignalling(x.high, high)};
  }
  static Bits NarrowFloat16(const Wide& x) {
    constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm256_cvtps_ph(x.low, kNearest)),
        _mm256_cvtps_ph(x.high, kNearest), 1);
  }
  static Wide WidenBfloat16(Bits b) {
    return {ToUpperHalf(_mm256_castsi256_si128(b)),
            ToUpperHalf(_mm256_extracti128_si256(b, 1))};
  }
  static Bits NarrowBfloat16(const Wide& x) {
    __m256i low = RoundUpperHalf(_mm256_castps_si256(x.low));
    __m256i high = RoundUpperHalf(_mm256_castps_si256(x.high));
    if (__builtin_expect(AnyNan(x), 0)) {
      low = QuietNan(x.low, low);
      high = QuietNan(x.high, high);
    }
    // The packing instruction works within the halves of a vector, so the
    // quarters of the result have the order 0, 2, 1, 3 and must be moved.
    return _mm256_permute4x64_epi64(
        _mm256_packus_epi32(_mm256_srli_epi32(low, 16),
                            _mm256_srli_epi32(high, 16)),
        0xD8);
  }

  static __m256 RoundFloat16(__m256 x) {
    return _mm256_cvtph_ps(
        _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static __m256 RoundBfloat16(__m256 x) {
    const __m256i rounded = QuietNan(x, RoundUpperHalf(_mm256_castps_si256(x)));
    return _mm256_castsi256_ps(_mm256_and_si256(
        rounded, _mm256_set1_epi32(static_cast<int>(0xFFFF0000))));
  }
  static Wide RoundFloat16Block(const Wide& x) {
    return {RoundFloat16(x.low), RoundFloat16(x.high)};
  }
  static Wide RoundBfloat16Block(const Wide& x) {
    return {RoundBfloat16(x.low), RoundBfloat16(x.high)};
  }

 private:
  static bool AnyNan(const Wide& x) {
    return _mm256_movemask_ps(_mm256_cmp_ps(x.low, x.high, _CMP_UNORD_Q)) != 0;
  }
  static __m256 IsNan(__m256 x) { return _mm256_cmp_ps(x, x, _CMP_UNORD_Q); }
  // Clears the quiet bit of each NaN that has no quiet bit in `b`.
  static __m256 KeepSignalling(__m256 x, __m128i b) {
    const __m256i quiet = _mm256_set1_epi32(0x400000);
    const __m256i had = _mm256_slli_epi32(_mm256_cvtepu16_epi32(b), 13);
    const __m256i lost = _mm256_and_si256(_mm256_castps_si256(IsNan(x)),
                                          _mm256_andnot_si256(had, quiet));
    return _mm256_andnot_ps(_mm256_castsi256_ps(lost), x);
  }
  static __m256 ToUpperHalf(__m128i b) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(b), 16));
  }
  // Adds a number after which the upper half is the value rounded to nearest
  // even.
  static __m256i RoundUpperHalf(__m256i bits) {
    const __m256i odd =
        _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    return _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)),
                            odd);
  }
  static __m256i QuietNan(__m256 x, __m256i rounded) {
    const __m256i quiet =
        _mm256_or_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x400000));
    return _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(IsNan(x)));
  }
};

}  // namespace

#endif  // CUDNN_GRU_CPU_KERNELS_HALF_AVX2_H_
