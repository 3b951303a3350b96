#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_SELECT_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_SELECT_H_

#include <cstdint>
#include <vector>

#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y = condition ? a : b for every index of `shape`. y is contiguous. Strides
// are as in BinarySpec. `condition` is bool; a, b and y have one type.
struct SelectSpec {
  size_t repeat = 1;
  TensorId condition = 0;
  TensorId a = 0;
  TensorId b = 0;
  TensorId y = 0;
  std::vector<size_t> shape;
  std::vector<int64_t> condition_strides;
  std::vector<int64_t> a_strides;
  std::vector<int64_t> b_strides;
};

Status MakeInstruction(const SelectSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_SELECT_H_
