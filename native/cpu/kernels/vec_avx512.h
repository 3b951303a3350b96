#ifndef CUDNN_GRU_CPU_KERNELS_VEC_AVX512_H_
#define CUDNN_GRU_CPU_KERNELS_VEC_AVX512_H_

// GCC 12's own AVX-512 header leaves operands undefined on purpose, and GCC
// then warns about that (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

// The vector interface of kernels_body.inc, for AVX-512 (F, DQ, BW, VL). The
// comments of Vec<float> are the contract for all instruction sets.
namespace {

template <typename T>
struct Vec;

template <>
struct Vec<float> {
  using T = float;
  using V = __m512;
  using M = __mmask16;
  static constexpr size_t kLanes = 16;
  static constexpr size_t kMaxRows = 8;
  static constexpr size_t kAccumulators = 24;
  static constexpr int kGroup = 4;

  static V Set(T x) { return _mm512_set1_ps(x); }
  static V Load(const T* p) { return _mm512_loadu_ps(p); }
  static V LoadPartial(const T* p, size_t n) {
    return _mm512_maskz_loadu_ps(static_cast<M>((1u << n) - 1), p);
  }
  static void Store(T* p, V x) { _mm512_storeu_ps(p, x); }
  static void StorePartial(T* p, V x, size_t n) {
    _mm512_mask_storeu_ps(p, static_cast<M>((1u << n) - 1), x);
  }
  static V Add(V a, V b) { return _mm512_add_ps(a, b); }
  static V Sub(V a, V b) { return _mm512_sub_ps(a, b); }
  static V Mul(V a, V b) { return _mm512_mul_ps(a, b); }
  static V Div(V a, V b) { return _mm512_div_ps(a, b); }
  static V Sqrt(V a) { return _mm512_sqrt_ps(a); }
  // Return a * b + c, and c - a * b.
  static V MulAdd(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  static V NegMulAdd(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); }
  // Returns c - a * b with only one rounding, on every instruction set.
  static V Residual(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); }
  // Return the second operand when either is NaN.
  static V Min(V a, V b) { return _mm512_min_ps(a, b); }
  static V Max(V a, V b) { return _mm512_max_ps(a, b); }
  static V Abs(V a) { return _mm512_abs_ps(a); }
  static V Round(V a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT);
  }
  static M Less(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static V Select(M m, V a, V b) { return _mm512_mask_blend_ps(m, b, a); }
  // Returns x with the sign of s. x must have that sign already, or be at least
  // +0.
  static V WithSign(V x, V s) {
    return _mm512_or_ps(x, _mm512_and_ps(s, _mm512_set1_ps(-0.0f)));
  }
  // Returns x * 2^n for an integral n, with gradual underflow.
  static V Scale(V x, V n) { return _mm512_scalef_ps(x, n); }
  // Load weights of 16 bits (WeightFormat in kernels.h). Other instruction
  // sets have LoadFloat16 and LoadBfloat16, or none of them.
  static V LoadFloat16(const uint16_t* p) {
    return _mm512_cvtph_ps(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  // The mask is in a register of its own kind, since all vectors are in use.
  static V LoadUpperHalves(const uint32_t* p) {
    return _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(0xAAAAAAAA, p));
  }
  static V LoadLowerHalves(const uint32_t* p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
  }
  // Return two bfloat16 of consecutive depths in each lane, like an element of
  // WeightFormat::kBfloat16Pairs. SetPair and JoinPairs take the upper halves
  // of two floats. SetPair joins them outside of the vector registers, whose
  // units are busy with the products.
  static V SetPair(T first, T second) {
    uint32_t upper, lower;
    __builtin_memcpy(&upper, &first, sizeof(upper));
    __builtin_memcpy(&lower, &second, sizeof(lower));
    return _mm512_castsi512_ps(_mm512_set1_epi32(
        static_cast<int>((upper & 0xFFFF0000) | (lower >> 16))));
  }
  static V JoinPairs(V first, V second) {
    constexpr int kFirstWhereMask = 0xCA;  // (mask & first) | (~mask & second)
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(
        _mm512_set1_epi32(static_cast<int>(0xFFFF0000)),
        _mm512_castps_si512(first),
        _mm512_srli_epi32(_mm512_castps_si512(second), 16), kFirstWhereMask));
  }
  static V LoadPairs(const uint32_t* p) {
    return _mm512_castsi512_ps(_mm512_loadu_si512(p));
  }
  // Returns c plus the products of the upper halves of a and b, and then of the
  // lower ones, each a multiply-add of its own. Denormals count as zeros.
  //
  // Hazard: only CPUs with AVX512-BF16 have this instruction. The unit is not
  // compiled for it, so that the compiler can use it nowhere else.
  static V MulAddPairs(V a, V b, V c) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(c) : "v"(a), "v"(b));
    return c;
  }
  // Returns 1 / x with an error of at most 2^-13, for normal x up to 2^100.
  static V Estimate(V x) { return _mm512_rcp14_ps(x); }
};

// The lanes of Vec<float> in two registers of half the size, for products of a
// single row.
struct HalfRegisters {
  using T = float;
  struct V {
    __m256 first, second;
  };
  static constexpr size_t kLanes = 16;
  static constexpr size_t kAccumulators = 12;

  static V Set(T x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
  static V Load(const T* p) {
    return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
  }
  static void Store(T* p, V x) {
    _mm256_storeu_ps(p, x.first);
    _mm256_storeu_ps(p + 8, x.second);
  }
  static V MulAdd(V a, V b, V c) {
    return {_mm256_fmadd_ps(a.first, b.first, c.first),
            _mm256_fmadd_ps(a.second, b.second, c.second)};
  }
  static V LoadFloat16(const uint16_t* p) {
    const __m128i* const bits = reinterpret_cast<const __m128i*>(p);
    return {_mm256_cvtph_ps(_mm_loadu_si128(bits)),
            _mm256_cvtph_ps(_mm_loadu_si128(bits + 1))};
  }
};

template <>
struct Vec<double> {
  using T = double;
  using V = __m512d;
  using M = __mmask8;
  static constexpr size_t kLanes = 8;
  static constexpr size_t kMaxRows = 8;
  static constexpr size_t kAccumulators = 24;
  static constexpr int kGroup = 4;

  static V Set(T x) { return _mm512_set1_pd(x); }
  static V Load(const T* p) { return _mm512_loadu_pd(p); }
  static V LoadPartial(const T* p, size_t n) {
    return _mm512_maskz_loadu_pd(static_cast<M>((1u << n) - 1), p);
  }
  static void Store(T* p, V x) { _mm512_storeu_pd(p, x); }
  static void StorePartial(T* p, V x, size_t n) {
    _mm512_mask_storeu_pd(p, static_cast<M>((1u << n) - 1), x);
  }
  static V Add(V a, V b) { return _mm512_add_pd(a, b); }
  static V Sub(V a, V b) { return _mm512_sub_pd(a, b); }
  static V Mul(V a, V b) { return _mm512_mul_pd(a, b); }
  static V Div(V a, V b) { return _mm512_div_pd(a, b); }
  static V Sqrt(V a) { return _mm512_sqrt_pd(a); }
  static V MulAdd(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
  static V NegMulAdd(V a, V b, V c) { return _mm512_fnmadd_pd(a, b, c); }
  static V Residual(V a, V b, V c) { return _mm512_fnmadd_pd(a, b, c); }
  static V Min(V a, V b) { return _mm512_min_pd(a, b); }
  static V Max(V a, V b) { return _mm512_max_pd(a, b); }
  static V Abs(V a) { return _mm512_abs_pd(a); }
  static V Round(V a) {
    return _mm512_roundscale_pd(a, _MM_FROUND_TO_NEAREST_INT);
  }
  static M Less(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  static V Select(M m, V a, V b) { return _mm512_mask_blend_pd(m, b, a); }
  static V WithSign(V x, V s) {
    return _mm512_or_pd(x, _mm512_and_pd(s, _mm512_set1_pd(-0.0)));
  }
  static V Scale(V x, V n) { return _mm512_scalef_pd(x, n); }
  // Returns 1 / x with an error of at most 2^-48, for x in [1, 2^100]: two
  // Newton steps from an estimate of 14 bits.
  static V Reciprocal(V x) {
    V r = _mm512_rcp14_pd(x);
    r = _mm512_fmadd_pd(r, _mm512_fnmadd_pd(x, r, Set(1.0)), r);
    return _mm512_fmadd_pd(r, _mm512_fnmadd_pd(x, r, Set(1.0)), r);
  }
};

}  // namespace

#endif  // CUDNN_GRU_CPU_KERNELS_VEC_AVX512_H_
