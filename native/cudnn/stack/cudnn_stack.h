#ifndef CUDNN_GRU_CUDNN_STACK_CUDNN_STACK_H_
#define CUDNN_GRU_CUDNN_STACK_CUDNN_STACK_H_

#include <memory>

#include "core/gru_stack.h"

namespace cudnn_gru {

// Makes the runner of stacks whose backends are all CudnnBackends
// (GruBackend::StackRunnerMaker). It computes calls without an obstacle
// (obstacles.h) in one cuDNN call, and keeps the weights of the last version on
// the device. When memory is short, or cuDNN does not support a call after all,
// the layers are called one by one.
std::unique_ptr<GruStackRunner> MakeCudnnStackRunner();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_CUDNN_STACK_H_
