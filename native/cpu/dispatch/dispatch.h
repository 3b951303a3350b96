#ifndef CUDNN_GRU_CPU_DISPATCH_DISPATCH_H_
#define CUDNN_GRU_CPU_DISPATCH_DISPATCH_H_

#include <string>
#include <vector>

#include "core/status.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// What computes on this CPU: vector kernels, or (kernels null) the scalar
// reference.
struct CpuBackend {
  const char* isa;  // "reference", "baseline", "avx2", "avx512" or "neon"
  const KernelSet* kernels;
};

// Backends this build has and this CPU and operating system can run (cpuid and
// xgetbv), slowest first; the reference always comes first.
const std::vector<CpuBackend>& AvailableBackends();

// The fastest of them, or the one CUDNN_GRU_ISA names; kArgument where that one
// is unknown or not to be had. Decided once per process, which then also
// converts 16-bit types with these kernels.
Status SelectedBackend(CpuBackend* backend);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_DISPATCH_DISPATCH_H_
