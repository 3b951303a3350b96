#ifndef CUDNN_GRU_CUDNN_STACK_OBSTACLES_H_
#define CUDNN_GRU_CUDNN_STACK_OBSTACLES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "core/gru_stack.h"
#include "cudnn/rnn_shape.h"

namespace cudnn_gru {

// Why a stack's call cannot be one cuDNN call.
struct StackObstacle {
  std::optional<size_t> layer;  // none when it is about the whole call
  std::string reason;           // one sentence
};

// Returns the first obstacle in the call itself, or none. All backends must be
// CudnnBackends, and CheckStack must accept the call. Reads the numbers and
// flags of `call`, its mask and its lengths.
std::optional<StackObstacle> FindObstacle(const StackCall& call);

// Does the same, and also returns an obstacle when cuDNN does not compute
// stacks right on this device, which the first call finds out.
std::optional<StackObstacle> FindObstacleHere(const StackCall& call);

// Returns the shape of a call that has no obstacle.
RnnShape ShapeOf(const StackCall& call);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_OBSTACLES_H_
