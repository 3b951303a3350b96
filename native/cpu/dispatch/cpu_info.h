#ifndef CUDNN_GRU_CPU_DISPATCH_CPU_INFO_H_
#define CUDNN_GRU_CPU_DISPATCH_CPU_INFO_H_

namespace cudnn_gru {

// Vector extensions that the CPU has and whose registers the operating system
// saves. All false on other architectures than x86-64.
struct CpuFeatures {
  bool avx2 = false;    // AVX2, FMA and F16C
  bool avx512 = false;  // AVX-512 F, DQ, BW and VL, and the above
};

CpuFeatures DetectCpuFeatures();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_DISPATCH_CPU_INFO_H_
