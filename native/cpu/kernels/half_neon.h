#ifndef CUDNN_GRU_CPU_KERNELS_HALF_NEON_H_
#define CUDNN_GRU_CPU_KERNELS_HALF_NEON_H_

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

namespace {

// The interface of half.inc (contract: half_avx512.h), for AArch64, whose NEON
// has instructions that convert float16.
struct HalfVec {
  struct Wide {
    float32x4_t low;
    float32x4_t high;
  };
  using Bits = uint16x8_t;
  static constexpr size_t kLanes = 8;

  static Wide Load(const float* p) { return {vld1q_f32(p), vld1q_f32(p + 4)}; }
  static void Store(float* p, const Wide& x) {
    vst1q_f32(p, x.low);
    vst1q_f32(p + 4, x.high);
  }
  // NEON has no intrinsic for this store.
  static void Stream(float* p, const Wide& x) { Store(p, x); }
  static void FinishStreams() {}
  static Bits LoadBits(const uint16_t* p) { return vld1q_u16(p); }
  static void StoreBits(uint16_t* p, Bits b) { vst1q_u16(p, b); }

  static Wide WidenFloat16(Bits b) {
    return {WidenFour(vget_low_u16(b)), WidenFour(vget_high_u16(b))};
  }
  static Bits NarrowFloat16(const Wide& x) {
    return vcombine_u16(vreinterpret_u16_f16(vcvt_f16_f32(x.low)),
                        vreinterpret_u16_f16(vcvt_f16_f32(x.high)));
  }
  static Wide WidenBfloat16(Bits b) {
    return {vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(b), 16)),
            vreinterpretq_f32_u32(vshll_n_u16(vget_high_u16(b), 16))};
  }
  static Bits NarrowBfloat16(const Wide& x) {
    return vcombine_u16(vshrn_n_u32(RoundUpperHalf(x.low), 16),
                        vshrn_n_u32(RoundUpperHalf(x.high), 16));
  }

  static float32x4_t RoundFloat16(float32x4_t x) {
    return vcvt_f32_f16(vcvt_f16_f32(x));
  }
  static float32x4_t RoundBfloat16(float32x4_t x) {
    return vreinterpretq_f32_u32(
        vandq_u32(RoundUpperHalf(x), vdupq_n_u32(0xFFFF0000)));
  }
  static Wide RoundFloat16Block(const Wide& x) {
    return {RoundFloat16(x.low), RoundFloat16(x.high)};
  }
  static Wide RoundBfloat16Block(const Wide& x) {
    return {RoundBfloat16(x.low), RoundBfloat16(x.high)};
  }

 private:
  // The instruction makes a signalling NaN quiet, so its quiet bit is cleared
  // again.
  static float32x4_t WidenFour(uint16x4_t b) {
    const float32x4_t x = vcvt_f32_f16(vreinterpret_f16_u16(b));
    const uint32x4_t had = vshll_n_u16(b, 13);
    const uint32x4_t lost =
        vbicq_u32(vbicq_u32(vdupq_n_u32(0x400000), had), vceqq_f32(x, x));
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), lost));
  }
  static uint32x4_t RoundUpperHalf(float32x4_t x) {
    const uint32x4_t bits = vreinterpretq_u32_f32(x);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t rounded =
        vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7FFF)), odd);
    const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
    return vbslq_u32(vceqq_f32(x, x), rounded, quiet);
  }
};

}  // namespace

#endif  // CUDNN_GRU_CPU_KERNELS_HALF_NEON_H_
