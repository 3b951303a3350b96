#include "core/gru_problem.h"

#include <string>

namespace cudnn_gru {
namespace {

// Bytes any one tensor may have; leaves room for padding and alignment in
// size_t arithmetic after the check.
constexpr size_t kMaxElements = (static_cast<size_t>(1) << 46) - 1;

bool Multiply(size_t a, size_t b, size_t* product) {
  return !__builtin_mul_overflow(a, b, product) && *product <= kMaxElements;
}

Status TooLarge(const char* tensor) {
  return Status(StatusCode::kShape, std::string("Expected a shape for `") +
                                        tensor + "` of at most " +
                                        std::to_string(kMaxElements) +
                                        " elements but received a larger one");
}

}  // namespace

size_t DtypeSize(Dtype dtype) {
  return dtype == Dtype::kFloat32 ? sizeof(float) : sizeof(double);
}

bool HasDefaultActivations(const GruDescription& description) {
  return description.activation.kind == Activation::kTanh &&
         description.recurrent_activation.kind == Activation::kSigmoid;
}

bool HasCustomActivation(const GruDescription& description) {
  return description.activation.kind == Activation::kCustom ||
         description.recurrent_activation.kind == Activation::kCustom;
}

Status CheckDescription(const GruDescription& description) {
  if (description.units == 0) {
    return Status(StatusCode::kShape,
                  "Expected a positive integer for `units` but received 0");
  }
  // 64 spare units cover the padding of the last panel on every ISA.
  size_t padded = 0;
  size_t product = 0;
  if (!Multiply(description.units + 64, 3, &padded) ||
      !Multiply(description.features, padded, &product)) {
    return TooLarge("kernel");
  }
  if (!Multiply(description.units, padded, &product)) {
    return TooLarge("recurrent_kernel");
  }
  return Status();
}

WeightSizes ComputeWeightSizes(const GruDescription& description) {
  const size_t row = 3 * description.units;
  return {description.features * row, description.units * row,
          description.reset_after ? 2 * row : row};
}

Status ComputeSizes(const GruDescription& description, size_t batch,
                    size_t timesteps, bool return_sequences,
                    GruCallSizes* sizes) {
  if (timesteps == 0) {
    return Status(StatusCode::kShape,
                  "Expected at least 1 timestep for `inputs` but received 0");
  }
  if (!Multiply(batch, timesteps, &sizes->mask) ||
      !Multiply(sizes->mask, description.features, &sizes->inputs)) {
    return TooLarge("inputs");
  }
  if (!Multiply(batch, description.units, &sizes->state)) {
    return TooLarge("state");
  }
  sizes->output = sizes->state;
  if (return_sequences &&
      !Multiply(sizes->mask, description.units, &sizes->output)) {
    return TooLarge("output");
  }
  if (!Multiply(batch, description.features, &sizes->input_dropout) ||
      !Multiply(sizes->state, 3, &sizes->recurrent_dropout)) {
    return TooLarge("dropout masks");
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
