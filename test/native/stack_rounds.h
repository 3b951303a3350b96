#ifndef CUDNN_GRU_TEST_NATIVE_STACK_ROUNDS_H_
#define CUDNN_GRU_TEST_NATIVE_STACK_ROUNDS_H_

#include <cstddef>
#include <vector>

#include "cpu/dispatch/dispatch.h"

namespace cudnn_gru_test {

// How many random stacks a test computes, and how often it repeats one. Under a
// sanitizer, every round takes twenty times as long.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr size_t kRounds = 8;
constexpr int kRepetitions = 2;
#else
constexpr size_t kRounds = 60;
constexpr int kRepetitions = 10;
#endif

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
