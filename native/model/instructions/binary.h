#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_BINARY_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_BINARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y = function(a, b) for every index of `shape`. y is contiguous. Strides are
// in elements, one for each dimension; 0 repeats an element. `function` is one
// of BinaryNames():
//   - Arithmetic is between tensors of one type: float32, float64 or int32. The
//     result has this type. int32 wraps around; a quotient by 0 is 0.
//   - Comparisons are between tensors of any one type, and make bool.
//   - The logical functions are between bools.
struct BinarySpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  std::string function;
  TensorId a = 0;
  TensorId b = 0;
  TensorId y = 0;
  std::vector<size_t> shape;
  std::vector<int64_t> a_strides;
  std::vector<int64_t> b_strides;
};

Status MakeInstruction(const BinarySpec& spec, const MakingContext& context,
                       MadeInstruction* made);

std::vector<const char*> BinaryNames();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_BINARY_H_
