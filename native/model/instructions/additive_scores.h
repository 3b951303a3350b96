#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_ADDITIVE_SCORES_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_ADDITIVE_SCORES_H_

#include <optional>

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y[i][j] = sum over d of scale[d] * tanh(q[i][d] + v[j][d]), where q is
// (queries, depth) and v (values, depth). `scale` is a constant (depth);
// without one it is 1. All have one float type.
struct AdditiveScoresSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  TensorId q = 0;
  TensorId v = 0;
  std::optional<TensorId> scale;
  TensorId y = 0;
  size_t queries = 1;
  size_t values = 1;
  size_t depth = 1;
};

Status MakeInstruction(const AdditiveScoresSpec& spec,
                       const MakingContext& context, MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_ADDITIVE_SCORES_H_
