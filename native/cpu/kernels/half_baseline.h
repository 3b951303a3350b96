#ifndef CUDNN_GRU_CPU_KERNELS_HALF_BASELINE_H_
#define CUDNN_GRU_CPU_KERNELS_HALF_BASELINE_H_

#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace {

// The interface of half.inc (contract: half_avx512.h), for SSE2: the integer
// operations of core/half.cc on four lanes, with masks in place of branches.
struct HalfVec {
  struct Wide {
    __m128 low;
    __m128 high;
  };
  using Bits = __m128i;
  static constexpr size_t kLanes = 8;

  static Wide Load(const float* p) {
    return {_mm_loadu_ps(p), _mm_loadu_ps(p + 4)};
  }
  static void Store(float* p, const Wide& x) {
    _mm_storeu_ps(p, x.low);
    _mm_storeu_ps(p + 4, x.high);
  }
  static void Stream(float* p, const Wide& x) {
    _mm_stream_ps(p, x.low);
    _mm_stream_ps(p + 4, x.high);
  }
  static void FinishStreams() { _mm_sfence(); }
  static Bits LoadBits(const uint16_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static void StoreBits(uint16_t* p, Bits b) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), b);
  }

  static Wide WidenFloat16(Bits b) {
    const __m128i zero = _mm_setzero_si128();
    const __m128i magnitude = _mm_and_si128(b, _mm_set1_epi16(0x7FFF));
    const __m128i sign = _mm_xor_si128(b, magnitude);
    const __m128i special = _mm_cmpgt_epi16(magnitude, _mm_set1_epi16(0x7BFF));
    return {WidenFour(_mm_unpacklo_epi16(zero, magnitude),
                      _mm_unpacklo_epi16(zero, sign),
                      _mm_unpacklo_epi16(special, special)),
            WidenFour(_mm_unpackhi_epi16(zero, magnitude),
                      _mm_unpackhi_epi16(zero, sign),
                      _mm_unpackhi_epi16(special, special))};
  }
  // The packing instruction saturates signed numbers, so the lanes are
  // sign-extended first.
  static Bits NarrowFloat16(const Wide& x) {
    return _mm_packs_epi32(NarrowFour(x.low), NarrowFour(x.high));
  }
  static Wide WidenBfloat16(Bits b) {
    const __m128i zero = _mm_setzero_si128();
    return {_mm_castsi128_ps(_mm_unpacklo_epi16(zero, b)),
            _mm_castsi128_ps(_mm_unpackhi_epi16(zero, b))};
  }
  static Bits NarrowBfloat16(const Wide& x) {
    return _mm_packs_epi32(_mm_srai_epi32(RoundUpperHalf(x.low), 16),
                           _mm_srai_epi32(RoundUpperHalf(x.high), 16));
  }

  static __m128 RoundFloat16(__m128 x) { return RoundFloat16Block({x, x}).low; }
  static __m128 RoundBfloat16(__m128 x) {
    return _mm_castsi128_ps(_mm_and_si128(
        RoundUpperHalf(x), _mm_set1_epi32(static_cast<int>(0xFFFF0000))));
  }
  static Wide RoundFloat16Block(const Wide& x) {
    return WidenFloat16(NarrowFloat16(x));
  }
  static Wide RoundBfloat16Block(const Wide& x) {
    return {RoundBfloat16(x.low), RoundBfloat16(x.high)};
  }

 private:
  static __m128i Select(__m128i mask, __m128i a, __m128i b) {
    return _mm_or_si128(_mm_and_si128(mask, a), _mm_andnot_si128(mask, b));
  }
  static __m128i IsNan(__m128 x) {
    return _mm_castps_si128(_mm_cmpunord_ps(x, x));
  }
  // `magnitude` and `sign` are in the upper half of each lane. `special` marks
  // the lanes whose magnitude is infinite or a NaN.
  static __m128 WidenFour(__m128i magnitude, __m128i sign, __m128i special) {
    // Multiplying by 2^112 changes the bias of the exponent and also normalizes
    // subnormals.
    const __m128 scaled = _mm_mul_ps(
        _mm_castsi128_ps(_mm_srli_epi32(magnitude, 3)), _mm_set1_ps(0x1p112f));
    const __m128i exponent = _mm_and_si128(special, _mm_set1_epi32(0x7F800000));
    return _mm_or_ps(scaled, _mm_castsi128_ps(_mm_or_si128(sign, exponent)));
  }
  static __m128i NarrowFour(__m128 x) {
    const __m128i bits = _mm_castps_si128(x);
    const __m128i magnitude = _mm_and_si128(bits, _mm_set1_epi32(0x7FFFFFFF));
    const __m128i shifted = _mm_srli_epi32(magnitude, 13);
    // For normal results, this rounds 13 bits away to nearest even and changes
    // the bias of the exponent.
    const __m128i odd = _mm_and_si128(shifted, _mm_set1_epi32(1));
    const __m128i normal =
        _mm_srli_epi32(_mm_add_epi32(_mm_add_epi32(magnitude, odd),
                                     _mm_set1_epi32(0xFFF - 0x38000000)),
                       13);
    // For subnormal results, adding 0.5 makes the float's own rounding happen
    // at the last bit of the half.
    const __m128i subnormal =
        _mm_sub_epi32(_mm_castps_si128(_mm_add_ps(_mm_castsi128_ps(magnitude),
                                                  _mm_set1_ps(0.5f))),
                      _mm_set1_epi32(0x3F000000));
    __m128i half =
        Select(_mm_cmpgt_epi32(_mm_set1_epi32(0x38800000), magnitude),
               subnormal, normal);
    // Numbers of at least 65,520 round to infinity.
    half = Select(_mm_cmpgt_epi32(magnitude, _mm_set1_epi32(0x477FEFFF)),
                  _mm_set1_epi32(0x7C00), half);
    const __m128i payload = _mm_or_si128(
        _mm_and_si128(shifted, _mm_set1_epi32(0x3FF)), _mm_set1_epi32(0x200));
    half = _mm_or_si128(half, _mm_and_si128(IsNan(x), payload));
    const __m128i sign = _mm_slli_epi32(_mm_srai_epi32(bits, 31), 15);
    return _mm_or_si128(sign, half);
  }
  static __m128i RoundUpperHalf(__m128 x) {
    const __m128i bits = _mm_castps_si128(x);
    const __m128i odd =
        _mm_and_si128(_mm_srli_epi32(bits, 16), _mm_set1_epi32(1));
    const __m128i rounded =
        _mm_add_epi32(_mm_add_epi32(bits, _mm_set1_epi32(0x7FFF)), odd);
    const __m128i quiet = _mm_or_si128(bits, _mm_set1_epi32(0x400000));
    return Select(IsNan(x), quiet, rounded);
  }
};

}  // namespace

#endif  // CUDNN_GRU_CPU_KERNELS_HALF_BASELINE_H_
