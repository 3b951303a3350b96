#ifndef CUDNN_GRU_TEST_NATIVE_INSTRUCTION_SETS_H_
#define CUDNN_GRU_TEST_NATIVE_INSTRUCTION_SETS_H_

#include <cmath>
#include <limits>

#include "cpu/dispatch/dispatch.h"
#include "native_test.h"

// What tests of single kernels share.
namespace cudnn_gru_test {

template <typename T>
const cudnn_gru::Kernels<T>& KernelsOf(const cudnn_gru::CpuIsa& isa);
template <>
inline const cudnn_gru::Kernels<float>& KernelsOf(
    const cudnn_gru::CpuIsa& isa) {
  return isa.kernels->f32;
}
template <>
inline const cudnn_gru::Kernels<double>& KernelsOf(
    const cudnn_gru::CpuIsa& isa) {
  return isa.kernels->f64;
}

// Runs `test` as one subcase for each instruction set, so that --subcase=avx2
// picks one.
inline void OnEveryInstructionSet(void (*test)(const cudnn_gru::CpuIsa&)) {
  for (const cudnn_gru::CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    if (isa.kernels == nullptr) continue;
    SUBCASE(isa.name) { test(isa); }
  }
}

// The distance of two neighbouring numbers of T at `x`.
template <typename T>
long double Ulp(long double x) {
  const T magnitude = static_cast<T>(std::fabs(x));
  const T above = std::nextafter(magnitude, std::numeric_limits<T>::infinity());
  return static_cast<long double>(above) - static_cast<long double>(magnitude);
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_INSTRUCTION_SETS_H_
