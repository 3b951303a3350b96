#include "addon/description.h"

#include "addon/arguments.h"
#include "addon/fields.h"

namespace cudnn_gru {
namespace {

// Reads null, or the 16-bit type that a float32 layer rounds its states to.
Status ReadStateRounding(const Argument& argument,
                         GruDescription* description) {
  const Status status = ReadRounding(argument, &description->state_rounding);
  if (status.ok() && description->state_rounding != StateRounding::kNone &&
      description->dtype != Dtype::kFloat32) {
    return Status(StatusCode::kDtype,
                  "Expected \"float32\" for the native argument `dtype` with "
                  "`stateRounding` but received \"float64\".");
  }
  return status;
}

}  // namespace

Status ReadDescription(const Argument& argument, GruDescription* description,
                       size_t* cuda_device) {
  Status status = ReadDtype(PropertyOf(argument, "dtype"), &description->dtype);
  if (!status.ok()) return status;
  status = ReadSize(PropertyOf(argument, "features"), &description->features);
  if (status.ok()) {
    status = ReadSize(PropertyOf(argument, "units"), &description->units);
  }
  if (status.ok()) {
    status =
        ReadBool(PropertyOf(argument, "resetAfter"), &description->reset_after);
  }
  if (status.ok()) {
    status = ReadActivation(PropertyOf(argument, "activation"),
                            &description->activation);
  }
  if (status.ok()) {
    status = ReadActivation(PropertyOf(argument, "recurrentActivation"),
                            &description->recurrent_activation);
  }
  if (status.ok()) {
    status =
        ReadStateRounding(PropertyOf(argument, "stateRounding"), description);
  }
  if (status.ok()) {
    status = ReadSize(PropertyOf(argument, "cudaDevice"), cuda_device);
  }
  return status.ok() ? CheckDescription(*description) : status;
}

}  // namespace cudnn_gru
