#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_DENSE_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_DENSE_H_

#include <memory>

#include "core/activation.h"
#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"
#include "model/packed_matrix.h"

namespace cudnn_gru {

// y = activation(x @ kernel + bias). An item of x has the depth of the matrix,
// and an item of y its columns. Both have the matrix's dtype. A softmax is over
// the columns.
struct DenseSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  TensorId x = 0;
  TensorId y = 0;
  std::shared_ptr<const PackedMatrix> matrix;
  ActivationSpec activation;
};

Status MakeInstruction(const DenseSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_DENSE_H_
