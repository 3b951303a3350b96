#include "cpu/reference/operand_rounding.h"

#include <algorithm>

#include "core/half.h"

namespace cudnn_gru {

void RoundOperands(StateRounding rounding, std::vector<double>* values) {
  if (rounding == StateRounding::kNone) return;
  // All layers with a 16-bit type compute in float32.
  std::vector<float> floats(values->begin(), values->end());
  RoundValues(rounding, floats.data(), floats.size());
  std::copy(floats.begin(), floats.end(), values->begin());
}

}  // namespace cudnn_gru
