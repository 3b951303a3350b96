#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_CAST_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_CAST_H_

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// Converts every element of x to the type of y. A float becomes an int32
// towards zero; NaN and numbers outside of int32 become -2^31, as TensorFlow
// makes them on x86. bool is `x != 0`, so NaN is true.
struct CastSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  TensorId x = 0;
  TensorId y = 0;
};

Status MakeInstruction(const CastSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_CAST_H_
