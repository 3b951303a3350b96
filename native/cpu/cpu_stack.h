#ifndef CUDNN_GRU_CPU_CPU_STACK_H_
#define CUDNN_GRU_CPU_CPU_STACK_H_

#include <memory>

#include "core/gru_stack.h"

namespace cudnn_gru {

// Makes the runner of stacks whose backends are all CpuBackends
// (GruBackend::StackRunnerMaker). It keeps nothing between calls.
std::unique_ptr<GruStackRunner> MakeCpuStackRunner();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_CPU_STACK_H_
