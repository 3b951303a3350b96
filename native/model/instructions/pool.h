#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_POOL_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_POOL_H_

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"
#include "model/instructions/windows.h"

namespace cudnn_gru {

enum class PoolKind { kMax, kAverage };

// Pools windows of height and width, for each channel. Positions beyond the
// input do not count: an average divides by the number of those that exist, of
// which every window has one or more. x and y have one float type.
struct PoolSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  PoolKind kind = PoolKind::kMax;
  TensorId x = 0;
  TensorId y = 0;
  WindowSpec windows;
};

Status MakeInstruction(const PoolSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_POOL_H_
