#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_CONVOLUTION_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_CONVOLUTION_H_

#include <memory>
#include <vector>

#include "core/activation.h"
#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"
#include "model/instructions/windows.h"
#include "model/packed_matrix.h"

namespace cudnn_gru {

// A convolution over height and width; one over steps has a height of 1. There
// is one matrix for each group of channels. Its depth is kernel height * kernel
// width * channels of the group, in this order. The columns of the groups lie
// one after the other in the channels of the output. Positions beyond the input
// count as zeros.
struct ConvolutionSpec {
  const char* name = "conv2d";  // as in messages
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  TensorId x = 0;
  TensorId y = 0;
  WindowSpec windows;
  std::vector<std::shared_ptr<const PackedMatrix>> matrices;
  ActivationSpec activation;
};

Status MakeInstruction(const ConvolutionSpec& spec,
                       const MakingContext& context, MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_CONVOLUTION_H_
