#ifndef CUDNN_GRU_CPU_REFERENCE_OPERAND_ROUNDING_H_
#define CUDNN_GRU_CPU_REFERENCE_OPERAND_ROUNDING_H_

#include <vector>

#include "core/half_kernels.h"

namespace cudnn_gru {

// Rounds values that are multiplied by weights to the 16-bit type of the layer.
// Does nothing for kNone.
void RoundOperands(StateRounding rounding, std::vector<double>* values);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_REFERENCE_OPERAND_ROUNDING_H_
