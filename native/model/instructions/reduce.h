#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_REDUCE_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_REDUCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// Reduces dimensions of x: y, which is contiguous of shape `kept`, is
// `function` over all indices of `reduced`. Strides are those of x, in
// elements, and no element is used twice. `function` is one of ReduceNames():
//   - sum, max, min and prod keep the type, which is no bool; mean is for
//     floats. Sums of floats are in float64. int32 wraps around. NaN wins in
//     max and min.
//   - any and all are from bool to bool.
//   - argmax and argmin write the int32 position of the first extreme element,
//     in the row-major order of `reduced`.
// max, min, argmax and argmin need elements.
struct ReduceSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  std::string function;
  TensorId x = 0;
  TensorId y = 0;
  std::vector<size_t> kept;
  std::vector<int64_t> kept_strides;
  std::vector<size_t> reduced;
  std::vector<int64_t> reduced_strides;
};

Status MakeInstruction(const ReduceSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

std::vector<const char*> ReduceNames();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_REDUCE_H_
