#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_NORMALIZE_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_NORMALIZE_H_

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

enum class NormalizeKind { kLayer, kRms, kUnit };

// Normalises each of `groups` groups of `size` elements of x:
//   kLayer  (x - mean) / sqrt(variance + epsilon)
//   kRms    x / sqrt(mean of squares + epsilon)
//   kUnit   x * min(1 / sqrt(sum of squares), 1 / epsilon)
// x and y have one float type. Sums are nearly as exact as in float64.
struct NormalizeSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  NormalizeKind kind = NormalizeKind::kLayer;
  TensorId x = 0;
  TensorId y = 0;
  size_t groups = 1;
  size_t size = 1;
  double epsilon = 0;
};

Status MakeInstruction(const NormalizeSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_NORMALIZE_H_
