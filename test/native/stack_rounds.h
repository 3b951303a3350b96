#ifndef CUDNN_GRU_TEST_NATIVE_STACK_ROUNDS_H_
#define CUDNN_GRU_TEST_NATIVE_STACK_ROUNDS_H_

#include <cstddef>
#include <vector>

#include "cpu/dispatch/dispatch.h"
#include "native_test.h"

namespace cudnn_gru_test {

// How many random stacks a test computes, and how often it repeats one.
constexpr size_t kRounds = kSanitized ? 8 : 60;
constexpr int kRepetitions = kSanitized ? 2 : 10;

// The instruction sets that have vector kernels, which runners need.
inline std::vector<cudnn_gru::CpuIsa> VectorIsas() {
  std::vector<cudnn_gru::CpuIsa> isas;
  for (const cudnn_gru::CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    if (isa.kernels != nullptr) isas.push_back(isa);
  }
  return isas;
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_STACK_ROUNDS_H_
