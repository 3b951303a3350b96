#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_SOFTMAX_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_SOFTMAX_H_

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

enum class SoftmaxKind { kSoftmax, kLogSoftmax };

// Softmax over the middle dimension of x, which is (outer, axis, inner). x and
// y have one float type. A NaN in a line makes all of it NaN.
struct SoftmaxSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  SoftmaxKind kind = SoftmaxKind::kSoftmax;
  TensorId x = 0;
  TensorId y = 0;
  size_t outer = 1;
  size_t axis = 1;
  size_t inner = 1;
};

Status MakeInstruction(const SoftmaxSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_SOFTMAX_H_
