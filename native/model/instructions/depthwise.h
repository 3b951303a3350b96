#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_DEPTHWISE_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_DEPTHWISE_H_

#include <optional>

#include "core/activation.h"
#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"
#include "model/instructions/windows.h"

namespace cudnn_gru {

// A depthwise convolution over height and width: channel c of the input makes
// the channels c * multiplier to (c + 1) * multiplier - 1 of the output. The
// weights are a constant (kernel height, kernel width, channels, multiplier),
// and the bias is one of the output's channels. All have one float type.
struct DepthwiseSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  TensorId x = 0;
  TensorId y = 0;
  WindowSpec windows;
  TensorId weights = 0;
  std::optional<TensorId> bias;
  ActivationSpec activation;
};

Status MakeInstruction(const DepthwiseSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_DEPTHWISE_H_
