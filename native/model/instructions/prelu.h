#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_PRELU_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_PRELU_H_

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y = x for x > 0, and alpha * x elsewhere. `alpha` is a constant that repeats
// through the item; its size divides the item's. All have one float type.
struct PreluSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  TensorId x = 0;
  TensorId y = 0;
  TensorId alpha = 0;
};

Status MakeInstruction(const PreluSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_PRELU_H_
