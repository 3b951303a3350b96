#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_GRU_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_GRU_H_

#include <memory>
#include <optional>
#include <vector>

#include "core/gru_backend.h"
#include "core/merge.h"
#include "core/status.h"
#include "model/instructions/making.h"

namespace cudnn_gru {

// One GRU of a layer. States are (units).
struct GruHalfSpec {
  std::shared_ptr<const GruBackend> backend;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
  std::optional<TensorId> initial_state;  // zeros without one
  std::optional<TensorId> state;          // after the last step, if it is read
};

// A layer: one GRU with Merge::kNone, or the two of a Bidirectional.
struct GruLayerSpec {
  Merge merge = Merge::kNone;
  std::vector<GruHalfSpec> halves;
};

// Layers of GRUs as core/gru_stack.h computes them. x is (steps, features), and
// an output (steps, width), or (width) unless the last layer returns sequences.
// There are two outputs after Merge::kSeparate. The mask is a bool for each
// step. Floats have the GRUs' dtype, and are rounded as their descriptions say.
struct GruSpec {
  size_t repeat = 1;
  TensorId x = 0;
  size_t steps = 1;
  std::vector<GruLayerSpec> layers;
  bool return_sequences = false;
  std::vector<TensorId> outputs;
  std::optional<TensorId> mask;
  Tf32 tf32 = Tf32::kForbidden;
};

Status MakeInstruction(const GruSpec& spec, const MakingContext& context,
                       MadeInstruction* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_GRU_H_
