#ifndef CUDNN_GRU_CPU_KERNELS_HALF_AVX512_H_
#define CUDNN_GRU_CPU_KERNELS_HALF_AVX512_H_

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace {

// The interface of half.inc, for AVX-512 (F, BW, VL): kLanes elements as floats
// and as bits. The comments here are the contract for all instruction sets.
// Every function returns the same bits as the scalar functions in core/half.cc.
// The instruction vcvtneps2bf16 would not, because it treats denormals as zero.
struct HalfVec {
  using Wide = __m512;
  using Bits = __m256i;
  static constexpr size_t kLanes = 16;

  static Wide Load(const float* p) { return _mm512_loadu_ps(p); }
  static void Store(float* p, Wide x) { _mm512_storeu_ps(p, x); }
  // Stores around the caches. The address must be a multiple of the size of the
  // block. Other threads see the data after FinishStreams.
  static void Stream(float* p, Wide x) { _mm512_stream_ps(p, x); }
  static void FinishStreams() { _mm_sfence(); }
  static Bits LoadBits(const uint16_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void StoreBits(uint16_t* p, Bits b) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), b);
  }

  // The conversion is exact. A signalling NaN stays one, although the
  // instruction itself makes it quiet.
  static Wide WidenFloat16(Bits b) {
    const Wide x = _mm512_cvtph_ps(b);
    // The test is on integers, because clang would widen the bits of a
    // comparison of floats one by one.
    const __m256i magnitude = _mm256_and_si256(b, _mm256_set1_epi16(0x7FFF));
    const __mmask16 nan =
        _mm256_cmpgt_epi16_mask(magnitude, _mm256_set1_epi16(0x7C00));
    if (__builtin_expect(nan == 0, 1)) return x;
    const __mmask16 signalling = _mm512_mask_testn_epi32_mask(
        nan, _mm512_cvtepu16_epi32(b), _mm512_set1_epi32(0x200));
    const __m512i bits = _mm512_castps_si512(x);
    return _mm512_castsi512_ps(_mm512_mask_xor_epi32(
        bits, signalling, bits, _mm512_set1_epi32(0x400000)));
  }
  // Rounds to nearest even. A NaN becomes quiet and keeps its upper bits.
  static Bits NarrowFloat16(Wide x) {
    return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Wide WidenBfloat16(Bits b) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(b), 16));
  }
  static Bits NarrowBfloat16(Wide x) {
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(RoundUpperHalf(x), 16));
  }

  // Round to the nearest numbers of the type, as Widen(Narrow(x)) does: one
  // vector of floats, which on other instruction sets is half a block.
  static __m512 RoundFloat16(__m512 x) {
    return _mm512_cvtph_ps(NarrowFloat16(x));
  }
  static __m512 RoundBfloat16(__m512 x) {
    return _mm512_castsi512_ps(_mm512_and_si512(
        RoundUpperHalf(x), _mm512_set1_epi32(static_cast<int>(0xFFFF0000))));
  }
  static Wide RoundFloat16Block(Wide x) { return RoundFloat16(x); }
  static Wide RoundBfloat16Block(Wide x) { return RoundBfloat16(x); }

 private:
  // Returns bits whose upper half is the value rounded to nearest even.
  static __m512i RoundUpperHalf(Wide x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd =
        _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(
        _mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_mask_or_epi32(rounded, nan, bits,
                                _mm512_set1_epi32(0x400000));
  }
};

}  // namespace

#endif  // CUDNN_GRU_CPU_KERNELS_HALF_AVX512_H_
