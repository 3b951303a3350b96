#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_MATMUL_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_MATMUL_H_

#include <cstdint>
#include <vector>

#include "core/gru_description.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// y = scale * (a @ b) for every index of `batch`. y is contiguous (batch..., m,
// n). The strides, in elements, say where the matrix of an index begins. The
// matrices of a are (m, k), or (k, m) when it is transposed, and those of b (k,
// n), or (n, k). All have one float type.
struct MatmulSpec {
  size_t repeat = 1;
  StateRounding rounding = StateRounding::kNone;
  TensorId a = 0;
  TensorId b = 0;
  TensorId y = 0;
  std::vector<size_t> batch;
  std::vector<int64_t> a_strides;
  std::vector<int64_t> b_strides;
  size_t m = 1;
  size_t k = 1;
  size_t n = 1;
  bool transpose_a = false;
  bool transpose_b = false;
  double scale = 1;
};

Status MakeInstruction(const MatmulSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_MATMUL_H_
