#ifndef CUDNN_GRU_CPU_KERNELS_VEC_BASELINE_H_
#define CUDNN_GRU_CPU_KERNELS_VEC_BASELINE_H_

#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>

// The vector interface of kernels_body.inc (contract: vec_avx512.h), for SSE2,
// which every x86-64 CPU has. SSE2 has no fused multiply-add: MulAdd rounds
// twice, and Residual uses Dekker's exact product to round once.
namespace {

template <typename T>
struct Vec;

template <>
struct Vec<float> {
  using T = float;
  using V = __m128;
  using M = __m128;
  static constexpr size_t kLanes = 4;
  static constexpr size_t kMaxRows = 4;
  static constexpr size_t kAccumulators = 12;
  static constexpr int kGroup = 2;

  static V Set(T x) { return _mm_set1_ps(x); }
  static V Load(const T* p) { return _mm_loadu_ps(p); }
  static V LoadPartial(const T* p, size_t n) {
    T lanes[kLanes] = {};
    for (size_t i = 0; i < n; ++i) lanes[i] = p[i];
    return Load(lanes);
  }
  static void Store(T* p, V x) { _mm_storeu_ps(p, x); }
  static void StorePartial(T* p, V x, size_t n) {
    T lanes[kLanes];
    Store(lanes, x);
    for (size_t i = 0; i < n; ++i) p[i] = lanes[i];
  }
  static V Add(V a, V b) { return _mm_add_ps(a, b); }
  static V Sub(V a, V b) { return _mm_sub_ps(a, b); }
  static V Mul(V a, V b) { return _mm_mul_ps(a, b); }
  static V Div(V a, V b) { return _mm_div_ps(a, b); }
  static V Sqrt(V a) { return _mm_sqrt_ps(a); }
  static V MulAdd(V a, V b, V c) { return Add(Mul(a, b), c); }
  static V NegMulAdd(V a, V b, V c) { return Sub(c, Mul(a, b)); }
  static V Residual(V a, V b, V c) {
    // The product of two floats is exact in double.
    const __m128d low = _mm_sub_pd(
        _mm_cvtps_pd(c), _mm_mul_pd(_mm_cvtps_pd(a), _mm_cvtps_pd(b)));
    const __m128d high =
        _mm_sub_pd(_mm_cvtps_pd(High(c)),
                   _mm_mul_pd(_mm_cvtps_pd(High(a)), _mm_cvtps_pd(High(b))));
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
  }
  static V Min(V a, V b) { return _mm_min_ps(a, b); }
  static V Max(V a, V b) { return _mm_max_ps(a, b); }
  static V Abs(V a) { return _mm_andnot_ps(Set(-0.0f), a); }
  // Valid for |a| < 2^31 only, which is enough for the kernels.
  static V Round(V a) { return _mm_cvtepi32_ps(_mm_cvtps_epi32(a)); }
  static M Less(V a, V b) { return _mm_cmplt_ps(a, b); }
  static V Select(M m, V a, V b) {
    return _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b));
  }
  static V WithSign(V x, V s) {
    return _mm_or_ps(x, _mm_and_ps(s, Set(-0.0f)));
  }
  static V Scale(V x, V n) {
    const __m128i whole = _mm_cvtps_epi32(n);
    const __m128i half = _mm_srai_epi32(whole, 1);
    const __m128i rest = _mm_sub_epi32(whole, half);
    return Mul(Mul(x, PowerOfTwo(half)), PowerOfTwo(rest));
  }
  static V Estimate(V x) { return Div(Set(1.0f), x); }

 private:
  static V High(V a) { return _mm_movehl_ps(a, a); }
  static V PowerOfTwo(__m128i n) {
    return _mm_castsi128_ps(
        _mm_slli_epi32(_mm_add_epi32(n, _mm_set1_epi32(127)), 23));
  }
};

template <>
struct Vec<double> {
  using T = double;
  using V = __m128d;
  using M = __m128d;
  static constexpr size_t kLanes = 2;
  static constexpr size_t kMaxRows = 4;
  static constexpr size_t kAccumulators = 12;
  static constexpr int kGroup = 2;

  static V Set(T x) { return _mm_set1_pd(x); }
  static V Load(const T* p) { return _mm_loadu_pd(p); }
  static V LoadPartial(const T* p, size_t n) {
    return n == 0 ? _mm_setzero_pd() : n == 1 ? _mm_load_sd(p) : Load(p);
  }
  static void Store(T* p, V x) { _mm_storeu_pd(p, x); }
  static void StorePartial(T* p, V x, size_t n) {
    if (n == 1) _mm_store_sd(p, x);
    if (n == 2) Store(p, x);
  }
  static V Add(V a, V b) { return _mm_add_pd(a, b); }
  static V Sub(V a, V b) { return _mm_sub_pd(a, b); }
  static V Mul(V a, V b) { return _mm_mul_pd(a, b); }
  static V Div(V a, V b) { return _mm_div_pd(a, b); }
  static V Sqrt(V a) { return _mm_sqrt_pd(a); }
  static V MulAdd(V a, V b, V c) { return Add(Mul(a, b), c); }
  static V NegMulAdd(V a, V b, V c) { return Sub(c, Mul(a, b)); }
  static V Residual(V a, V b, V c) {
    V a_low, b_low;
    const V a_high = Split(a, &a_low);
    const V b_high = Split(b, &b_low);
    const V product = Mul(a, b);
    const V error =
        Add(Add(Add(Sub(Mul(a_high, b_high), product), Mul(a_high, b_low)),
                Mul(a_low, b_high)),
            Mul(a_low, b_low));
    return Sub(Sub(c, product), error);
  }
  static V Min(V a, V b) { return _mm_min_pd(a, b); }
  static V Max(V a, V b) { return _mm_max_pd(a, b); }
  static V Abs(V a) { return _mm_andnot_pd(Set(-0.0), a); }
  static V Round(V a) { return _mm_cvtepi32_pd(_mm_cvtpd_epi32(a)); }
  static M Less(V a, V b) { return _mm_cmplt_pd(a, b); }
  static V Select(M m, V a, V b) {
    return _mm_or_pd(_mm_and_pd(m, a), _mm_andnot_pd(m, b));
  }
  static V WithSign(V x, V s) { return _mm_or_pd(x, _mm_and_pd(s, Set(-0.0))); }
  static V Scale(V x, V n) {
    const __m128i whole = _mm_cvtpd_epi32(n);
    const __m128i half = _mm_srai_epi32(whole, 1);
    const __m128i rest = _mm_sub_epi32(whole, half);
    return Mul(Mul(x, PowerOfTwo(half)), PowerOfTwo(rest));
  }
  static V Reciprocal(V x) { return Div(Set(1.0), x); }

 private:
  // Returns the upper 26 bits of a number and writes the rest to `low`.
  static V Split(V a, V* low) {
    const V scaled = Mul(a, Set(134217729.0));
    const V high = Sub(scaled, Sub(scaled, a));
    *low = Sub(a, high);
    return high;
  }
  static V PowerOfTwo(__m128i n) {
    const __m128i biased = _mm_add_epi32(n, _mm_set1_epi32(1023));
    return _mm_castsi128_pd(
        _mm_slli_epi64(_mm_unpacklo_epi32(biased, _mm_setzero_si128()), 52));
  }
};

}  // namespace

#endif  // CUDNN_GRU_CPU_KERNELS_VEC_BASELINE_H_
