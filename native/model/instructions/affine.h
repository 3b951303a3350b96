#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_AFFINE_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_AFFINE_H_

#include <optional>

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y = x * scale[c] + offset[c], where x is (outer, channels, inner). `scale`
// and `offset` are constants (channels). Without one, it is 1 or 0. All have
// one float type. The product is rounded before the sum.
struct AffineSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  TensorId x = 0;
  TensorId y = 0;
  std::optional<TensorId> scale;
  std::optional<TensorId> offset;
  size_t outer = 1;
  size_t channels = 1;
  size_t inner = 1;
};

Status MakeInstruction(const AffineSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_AFFINE_H_
