#ifndef CUDNN_GRU_CPU_DISPATCH_CPU_INFO_H_
#define CUDNN_GRU_CPU_DISPATCH_CPU_INFO_H_

namespace cudnn_gru {

// The vector extensions that the CPU has and whose registers the operating
// system saves. All are false on architectures other than x86-64.
struct CpuFeatures {
  bool avx2 = false;         // AVX2, FMA and F16C
  bool avx512 = false;       // AVX-512 F, DQ, BW and VL, and all of avx2
  bool avx512_bf16 = false;  // AVX512-BF16 and all of avx512
  bool amd = false;          // whether AMD has made the CPU
};

CpuFeatures DetectCpuFeatures();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_DISPATCH_CPU_INFO_H_
