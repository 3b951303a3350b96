#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_UNARY_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_UNARY_H_

#include <string>
#include <vector>

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y = function(x), element by element. `function` is one of UnaryNames(), or
// one of Keras's activations (core/activation_names.h) with its parameters.
// softmax, log_softmax and sparsemax are over all elements of an item. x and y
// have one float type, with these exceptions: abs, negative, sign and square
// are also for int32, where they wrap around; logical_not is from bool to bool;
// isnan, isinf and isfinite are from a float to bool.
struct UnarySpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  std::string function;
  std::vector<double> parameters;
  TensorId x = 0;
  TensorId y = 0;
};

Status MakeInstruction(const UnarySpec& spec, const MakingContext& context,
                       MadeInstruction* made);

// The names of the functions beside Keras's activations.
std::vector<const char*> UnaryNames();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_UNARY_H_
