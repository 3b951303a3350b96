#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_COPY_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_COPY_H_

#include <cstdint>
#include <vector>

#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y[y_offset + i * y_strides] = x[x_offset + i * x_strides] for every index i
// of `shape`, within an item. Offsets and strides are in elements; strides may
// be negative or 0. x and y have one type. Several copies may fill one tensor,
// and none has more elements than y.
struct CopySpec {
  size_t repeat = 1;
  TensorId x = 0;
  TensorId y = 0;
  std::vector<size_t> shape;
  int64_t x_offset = 0;
  std::vector<int64_t> x_strides;
  int64_t y_offset = 0;
  std::vector<int64_t> y_strides;
};

Status MakeInstruction(const CopySpec& spec, const MakingContext& context,
                       MadeInstruction* made);

// Sets all elements of y to `value`, which is converted to y's type as a cast
// converts it.
struct FillSpec {
  size_t repeat = 1;
  TensorId y = 0;
  double value = 0;
};

Status MakeInstruction(const FillSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_COPY_H_
