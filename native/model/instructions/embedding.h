#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_EMBEDDING_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_EMBEDDING_H_

#include <string>

#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y = table[x], where x is one int32 and y is (units). The table is a constant
// (vocabulary, units) of y's type. Indices from -vocabulary to -1 count from
// the end. A run fails with kArgument for any other index; the message has
// `label`, the index, and the row and the item where it is.
struct EmbeddingSpec {
  size_t repeat = 1;
  TensorId x = 0;
  TensorId y = 0;
  TensorId table = 0;
  size_t vocabulary = 0;
  size_t units = 0;
  std::string label;
};

Status MakeInstruction(const EmbeddingSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_EMBEDDING_H_
