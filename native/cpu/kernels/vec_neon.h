#ifndef CUDNN_GRU_CPU_KERNELS_VEC_NEON_H_
#define CUDNN_GRU_CPU_KERNELS_VEC_NEON_H_

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

// The vector interface of kernels_body.inc (contract: vec_avx512.h), for
// AArch64, where every CPU has NEON and its fused multiply-add.
namespace {

template <typename T>
struct Vec;

template <>
struct Vec<float> {
  using T = float;
  using V = float32x4_t;
  using M = uint32x4_t;
  static constexpr size_t kLanes = 4;
  static constexpr size_t kMaxRows = 8;
  static constexpr size_t kAccumulators = 24;
  static constexpr int kGroup = 4;

  static V Set(T x) { return vdupq_n_f32(x); }
  static V Load(const T* p) { return vld1q_f32(p); }
  static V LoadPartial(const T* p, size_t n) {
    T lanes[kLanes] = {};
    for (size_t i = 0; i < n; ++i) lanes[i] = p[i];
    return Load(lanes);
  }
  static void Store(T* p, V x) { vst1q_f32(p, x); }
  static void StorePartial(T* p, V x, size_t n) {
    T lanes[kLanes];
    Store(lanes, x);
    for (size_t i = 0; i < n; ++i) p[i] = lanes[i];
  }
  static V Add(V a, V b) { return vaddq_f32(a, b); }
  static V Sub(V a, V b) { return vsubq_f32(a, b); }
  static V Mul(V a, V b) { return vmulq_f32(a, b); }
  static V Div(V a, V b) { return vdivq_f32(a, b); }
  static V Sqrt(V a) { return vsqrtq_f32(a); }
  static V MulAdd(V a, V b, V c) { return vfmaq_f32(c, a, b); }
  static V NegMulAdd(V a, V b, V c) { return vfmsq_f32(c, a, b); }
  static V Residual(V a, V b, V c) { return vfmsq_f32(c, a, b); }
  // Return NaN when either is NaN. The contract asks for the second operand,
  // but callers pass the constant first, so the result is the same for them.
  static V Min(V a, V b) { return vminq_f32(a, b); }
  static V Max(V a, V b) { return vmaxq_f32(a, b); }
  static V Abs(V a) { return vabsq_f32(a); }
  static V Round(V a) { return vrndnq_f32(a); }
  static M Less(V a, V b) { return vcltq_f32(a, b); }
  static V Select(M m, V a, V b) { return vbslq_f32(m, a, b); }
  static V WithSign(V x, V s) {
    return vbslq_f32(vdupq_n_u32(0x80000000u), s, x);
  }
  static V Scale(V x, V n) {
    const int32x4_t whole = vcvtnq_s32_f32(n);
    const int32x4_t half = vshrq_n_s32(whole, 1);
    const int32x4_t rest = vsubq_s32(whole, half);
    return Mul(Mul(x, PowerOfTwo(half)), PowerOfTwo(rest));
  }
  static V Estimate(V x) { return Div(Set(1.0f), x); }

 private:
  static V PowerOfTwo(int32x4_t n) {
    return vreinterpretq_f32_s32(
        vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
  }
};

template <>
struct Vec<double> {
  using T = double;
  using V = float64x2_t;
  using M = uint64x2_t;
  static constexpr size_t kLanes = 2;
  static constexpr size_t kMaxRows = 8;
  static constexpr size_t kAccumulators = 24;
  static constexpr int kGroup = 4;

  static V Set(T x) { return vdupq_n_f64(x); }
  static V Load(const T* p) { return vld1q_f64(p); }
  static V LoadPartial(const T* p, size_t n) {
    T lanes[kLanes] = {};
    for (size_t i = 0; i < n; ++i) lanes[i] = p[i];
    return Load(lanes);
  }
  static void Store(T* p, V x) { vst1q_f64(p, x); }
  static void StorePartial(T* p, V x, size_t n) {
    T lanes[kLanes];
    Store(lanes, x);
    for (size_t i = 0; i < n; ++i) p[i] = lanes[i];
  }
  static V Add(V a, V b) { return vaddq_f64(a, b); }
  static V Sub(V a, V b) { return vsubq_f64(a, b); }
  static V Mul(V a, V b) { return vmulq_f64(a, b); }
  static V Div(V a, V b) { return vdivq_f64(a, b); }
  static V Sqrt(V a) { return vsqrtq_f64(a); }
  static V MulAdd(V a, V b, V c) { return vfmaq_f64(c, a, b); }
  static V NegMulAdd(V a, V b, V c) { return vfmsq_f64(c, a, b); }
  static V Residual(V a, V b, V c) { return vfmsq_f64(c, a, b); }
  static V Min(V a, V b) { return vminq_f64(a, b); }
  static V Max(V a, V b) { return vmaxq_f64(a, b); }
  static V Abs(V a) { return vabsq_f64(a); }
  static V Round(V a) { return vrndnq_f64(a); }
  static M Less(V a, V b) { return vcltq_f64(a, b); }
  static V Select(M m, V a, V b) { return vbslq_f64(m, a, b); }
  static V WithSign(V x, V s) {
    return vbslq_f64(vdupq_n_u64(0x8000000000000000u), s, x);
  }
  static V Scale(V x, V n) {
    const int64x2_t whole = vcvtnq_s64_f64(n);
    const int64x2_t half = vshrq_n_s64(whole, 1);
    const int64x2_t rest = vsubq_s64(whole, half);
    return Mul(Mul(x, PowerOfTwo(half)), PowerOfTwo(rest));
  }
  static V Reciprocal(V x) { return Div(Set(1.0), x); }

 private:
  static V PowerOfTwo(int64x2_t n) {
    return vreinterpretq_f64_s64(
        vshlq_n_s64(vaddq_s64(n, vdupq_n_s64(1023)), 52));
  }
};

}  // namespace

#endif  // CUDNN_GRU_CPU_KERNELS_VEC_NEON_H_
