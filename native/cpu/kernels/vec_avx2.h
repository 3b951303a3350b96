#ifndef CUDNN_GRU_CPU_KERNELS_VEC_AVX2_H_
#define CUDNN_GRU_CPU_KERNELS_VEC_AVX2_H_

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

// The vector interface of kernels_body.inc (contract: vec_avx512.h), for AVX2
// with FMA.
namespace {

template <typename T>
struct Vec;

// A mask for n lanes is a window into this table in which lane i is set when
// i < n.
alignas(64) constexpr int32_t kTail32[16] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                             0,  0,  0,  0,  0,  0,  0,  0};
alignas(64) constexpr int64_t kTail64[8] = {-1, -1, -1, -1, 0, 0, 0, 0};

template <>
struct Vec<float> {
  using T = float;
  using V = __m256;
  using M = __m256;
  static constexpr size_t kLanes = 8;
  static constexpr size_t kMaxRows = 4;
  static constexpr size_t kAccumulators = 12;
  static constexpr int kGroup = 4;

  static __m256i Tail(size_t n) {
    return _mm256_loadu_si256(
        reinterpret_cast<const __m256i*>(kTail32 + (kLanes - n)));
  }
  static V Set(T x) { return _mm256_set1_ps(x); }
  static V LoadFloat16(const uint16_t* p) {
    return _mm256_cvtph_ps(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static V LoadBfloat16(const uint16_t* p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(
        _mm256_cvtepu16_epi32(
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))),
        16));
  }
  static V Load(const T* p) { return _mm256_loadu_ps(p); }
  static V LoadPartial(const T* p, size_t n) {
    return _mm256_maskload_ps(p, Tail(n));
  }
  static void Store(T* p, V x) { _mm256_storeu_ps(p, x); }
  static void StorePartial(T* p, V x, size_t n) {
    _mm256_maskstore_ps(p, Tail(n), x);
  }
  static V Add(V a, V b) { return _mm256_add_ps(a, b); }
  static V Sub(V a, V b) { return _mm256_sub_ps(a, b); }
  static V Mul(V a, V b) { return _mm256_mul_ps(a, b); }
  static V Div(V a, V b) { return _mm256_div_ps(a, b); }
  static V Sqrt(V a) { return _mm256_sqrt_ps(a); }
  static V MulAdd(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
  static V NegMulAdd(V a, V b, V c) { return _mm256_fnmadd_ps(a, b, c); }
  static V Residual(V a, V b, V c) { return _mm256_fnmadd_ps(a, b, c); }
  static V Min(V a, V b) { return _mm256_min_ps(a, b); }
  static V Max(V a, V b) { return _mm256_max_ps(a, b); }
  static V Abs(V a) { return _mm256_andnot_ps(Set(-0.0f), a); }
  static V Round(V a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static M Less(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  static V Select(M m, V a, V b) { return _mm256_blendv_ps(b, a, m); }
  static V WithSign(V x, V s) {
    return _mm256_or_ps(x, _mm256_and_ps(s, Set(-0.0f)));
  }
  // Scales in two steps, so that 2^n may be denormal or have an exponent that
  // is too large.
  static V Scale(V x, V n) {
    const __m256i whole = _mm256_cvtps_epi32(n);
    const __m256i half = _mm256_srai_epi32(whole, 1);
    const __m256i rest = _mm256_sub_epi32(whole, half);
    return Mul(Mul(x, PowerOfTwo(half)), PowerOfTwo(rest));
  }
  static V Estimate(V x) {
    const V r = _mm256_rcp_ps(x);
    return _mm256_fmadd_ps(r, _mm256_fnmadd_ps(x, r, Set(1.0f)), r);
  }

 private:
  static V PowerOfTwo(__m256i n) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
  }
};

template <>
struct Vec<double> {
  using T = double;
  using V = __m256d;
  using M = __m256d;
  static constexpr size_t kLanes = 4;
  static constexpr size_t kMaxRows = 4;
  static constexpr size_t kAccumulators = 12;
  static constexpr int kGroup = 4;

  static __m256i Tail(size_t n) {
    return _mm256_loadu_si256(
        reinterpret_cast<const __m256i*>(kTail64 + (kLanes - n)));
  }
  static V Set(T x) { return _mm256_set1_pd(x); }
  static V Load(const T* p) { return _mm256_loadu_pd(p); }
  static V LoadPartial(const T* p, size_t n) {
    return _mm256_maskload_pd(p, Tail(n));
  }
  static void Store(T* p, V x) { _mm256_storeu_pd(p, x); }
  static void StorePartial(T* p, V x, size_t n) {
    _mm256_maskstore_pd(p, Tail(n), x);
  }
  static V Add(V a, V b) { return _mm256_add_pd(a, b); }
  static V Sub(V a, V b) { return _mm256_sub_pd(a, b); }
  static V Mul(V a, V b) { return _mm256_mul_pd(a, b); }
  static V Div(V a, V b) { return _mm256_div_pd(a, b); }
  static V Sqrt(V a) { return _mm256_sqrt_pd(a); }
  static V MulAdd(V a, V b, V c) { return _mm256_fmadd_pd(a, b, c); }
  static V NegMulAdd(V a, V b, V c) { return _mm256_fnmadd_pd(a, b, c); }
  static V Residual(V a, V b, V c) { return _mm256_fnmadd_pd(a, b, c); }
  static V Min(V a, V b) { return _mm256_min_pd(a, b); }
  static V Max(V a, V b) { return _mm256_max_pd(a, b); }
  static V Abs(V a) { return _mm256_andnot_pd(Set(-0.0), a); }
  static V Round(V a) {
    return _mm256_round_pd(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static M Less(V a, V b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
  static V Select(M m, V a, V b) { return _mm256_blendv_pd(b, a, m); }
  static V WithSign(V x, V s) {
    return _mm256_or_pd(x, _mm256_and_pd(s, Set(-0.0)));
  }
  static V Scale(V x, V n) {
    const __m128i whole = _mm256_cvtpd_epi32(n);
    const __m128i half = _mm_srai_epi32(whole, 1);
    const __m128i rest = _mm_sub_epi32(whole, half);
    return Mul(Mul(x, PowerOfTwo(half)), PowerOfTwo(rest));
  }
  static V Reciprocal(V x) { return Div(Set(1.0), x); }

 private:
  static V PowerOfTwo(__m128i n) {
    return _mm256_castsi256_pd(_mm256_slli_epi64(
        _mm256_add_epi64(_mm256_cvtepi32_epi64(n), _mm256_set1_epi64x(1023)),
        52));
  }
};

}  // namespace

#endif  // CUDNN_GRU_CPU_KERNELS_VEC_AVX2_H_
