#include "core/gru_call.h"

#include "core/tensor_size.h"

namespace cudnn_gru {

Status ComputeSizes(const GruDescription& description, const GruCall& call,
                    GruCallSizes* sizes) {
  if (call.timesteps == 0) {
    return Status(StatusCode::kShape,
                  "Expected at least 1 timestep for `inputs` but received 0.");
  }
  if (!MultiplySizes(call.batch, call.timesteps, &sizes->mask) ||
      !MultiplySizes(sizes->mask, description.features, &sizes->inputs)) {
    return TensorTooLarge("inputs");
  }
  if (!MultiplySizes(call.batch, description.units, &sizes->state)) {
    return TensorTooLarge("state");
  }
  sizes->output = sizes->state;
  if (call.return_sequences &&
      !MultiplySizes(sizes->mask, description.units, &sizes->output)) {
    return TensorTooLarge("output");
  }
  if (!MultiplySizes(call.batch, description.features, &sizes->input_dropout) ||
      !MultiplySizes(sizes->state, 3, &sizes->recurrent_dropout)) {
    return TensorTooLarge("dropout masks");
  }
  return Status();
}

double CallFlops(const GruDescription& description, size_t batch,
                 size_t timesteps) {
  const double rows =
      static_cast<double>(batch) * static_cast<double>(timesteps);
  const double depth = static_cast<double>(description.features) +
                       static_cast<double>(description.units);
  return 6.0 * rows * depth * static_cast<double>(description.units);
}

}  // namespace cudnn_gru
