#include "cpu/dispatch/dispatch.h"

#include "core/environment.h"
#include "core/half.h"
#include "cpu/dispatch/cpu_info.h"

namespace cudnn_gru {
namespace {

struct Selection {
  CpuIsa isa;
  Status status;
};

Selection Select() {
  const std::vector<CpuIsa>& isas = AvailableIsas();
  const std::string wanted = IsaFromEnvironment();
  if (wanted.empty()) return {isas.back(), Status()};
  std::string names;
  for (const CpuIsa& isa : isas) {
    if (wanted == isa.name) return {isa, Status()};
    names += names.empty() ? isa.name : std::string(", ") + isa.name;
  }
  return {isas.front(),
          Status(StatusCode::kArgument,
                 "Expected one of " + names +
                     " (what this CPU and build can run) for the environment "
                     "variable `CUDNN_GRU_ISA` but received \"" +
                     wanted + "\".")};
}

}  // namespace

const std::vector<CpuIsa>& AvailableIsas() {
  static const std::vector<CpuIsa>* const isas = [] {
    auto* list = new std::vector<CpuIsa>;
    const CpuFeatures cpu = DetectCpuFeatures();
    (void)cpu;
    list->push_back({"reference", nullptr});
#ifdef CUDNN_GRU_HAVE_BASELINE
    list->push_back({kBaselineKernels.isa, &kBaselineKernels});
#endif
#ifdef CUDNN_GRU_HAVE_NEON
    list->push_back({kNeonKernels.isa, &kNeonKernels});
#endif
#ifdef CUDNN_GRU_HAVE_AVX2
    if (cpu.avx2) list->push_back({kAvx2Kernels.isa, &kAvx2Kernels});
#endif
#ifdef CUDNN_GRU_HAVE_AVX512
    if (cpu.avx512) list->push_back({kAvx512Kernels.isa, &kAvx512Kernels});
#endif
#ifdef CUDNN_GRU_HAVE_AVX512_BF16
    if (cpu.avx512_bf16) {
      // On Intel's CPUs a dot product of pairs takes longer than two
      // multiply-adds (bench/NOTES.md), so there these are not the fastest.
      const auto place = cpu.amd ? list->end() : list->end() - 1;
      list->insert(place, {kAvx512Bf16Kernels.isa, &kAvx512Bf16Kernels});
    }
#endif
    return list;
  }();
  return *isas;
}

Status SelectedIsa(CpuIsa* isa) {
  static const Selection* const selection = [] {
    auto* const made = new Selection(Select());
    const KernelSet* const kernels = made->isa.kernels;
    UseHalfKernels(kernels == nullptr ? ScalarHalfKernels() : kernels->half);
    return made;
  }();
  *isa = selection->isa;
  return selection->status;
}

}  // namespace cudnn_gru
