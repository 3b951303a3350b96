#ifndef CUDNN_GRU_CPU_DISPATCH_DISPATCH_H_
#define CUDNN_GRU_CPU_DISPATCH_DISPATCH_H_

#include <string>
#include <vector>

#include "core/status.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// The code that computes on this CPU: the vector kernels of one instruction
// set, or the scalar reference.
struct CpuIsa {
  // "reference", "baseline", "avx2", "avx512", "avx512_bf16" or "neon"
  const char* name;
  const KernelSet* kernels;  // null for the reference
};

// Returns those that this build has and that this CPU and operating system can
// run (by cpuid and xgetbv), slowest first. The reference always comes first.
const std::vector<CpuIsa>& AvailableIsas();

// Finds the fastest of them, or the one that CUDNN_GRU_ISA names; kArgument
// when that one is unknown or cannot run here. The choice is made once per
// process. From then on the process also converts 16-bit types with these
// kernels.
Status SelectedIsa(CpuIsa* isa);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_DISPATCH_DISPATCH_H_
