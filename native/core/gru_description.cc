#include "core/gru_description.h"

#include "core/tensor_size.h"

namespace cudnn_gru {

size_t DtypeSize(Dtype dtype) {
  return dtype == Dtype::kFloat32 ? sizeof(float) : sizeof(double);
}

Status CheckDescription(const GruDescription& description) {
  if (description.units == 0) {
    return Status(StatusCode::kShape,
                  "Expected a positive integer for `units` but received 0.");
  }
  // Kernels pad the units to whole panels, on no instruction set by more than
  // 64 units.
  size_t padded = 0;
  size_t product = 0;
  if (!MultiplySizes(description.units + 64, 3, &padded) ||
      !MultiplySizes(description.features, padded, &product)) {
    return TensorTooLarge("kernel");
  }
  if (!MultiplySizes(description.units, padded, &product)) {
    return TensorTooLarge("recurrent_kernel");
  }
  return Status();
}

bool HasDefaultActivations(const GruDescription& description) {
  return description.activation.kind == Activation::kTanh &&
         description.recurrent_activation.kind == Activation::kSigmoid;
}

bool HasCustomActivation(const GruDescription& description) {
  return description.activation.kind == Activation::kCustom ||
         description.recurrent_activation.kind == Activation::kCustom;
}

WeightSizes ComputeWeightSizes(const GruDescription& description) {
  const size_t row = 3 * description.units;
  return {description.features * row, description.units * row,
          description.reset_after ? 2 * row : row};
}

StateRounding GradientRounding(const GruDescription& description) {
  return description.state_rounding == StateRounding::kBfloat16
             ? StateRounding::kBfloat16
             : StateRounding::kNone;
}

}  // namespace cudnn_gru
