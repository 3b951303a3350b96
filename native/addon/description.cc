#include "addon/description.h"

#include <string>
#include <vector>

#include "addon/arguments.h"
#include "core/activation_names.h"

namespace cudnn_gru {
namespace {

napi_value Property(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  if (napi_get_named_property(env, object, name, &value) != napi_ok) {
    napi_get_undefined(env, &value);
  }
  return value;
}

Status ReadActivation(napi_env env, napi_value value, ActivationSpec* spec) {
  std::string name;
  Status status =
      ReadString(env, Property(env, value, "name"), "activation.name", &name);
  if (!status.ok()) return status;
  const napi_value list = Property(env, value, "parameters");
  uint32_t count = 0;
  if (napi_get_array_length(env, list, &count) != napi_ok || count > 8) {
    return Status(StatusCode::kArgument,
                  "Expected a short array for the native argument "
                  "`activation.parameters`");
  }
  std::vector<double> parameters(count);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element = nullptr;
    napi_get_element(env, list, i, &element);
    status = ReadDouble(env, element, "activation.parameters", &parameters[i]);
    if (!status.ok()) return status;
  }
  return FindActivation(name, parameters.data(), count, spec);
}

// null, or the 16-bit type whose values the states of a float32 layer have.
Status ReadRounding(napi_env env, napi_value value,
                    GruDescription* description) {
  if (IsNothing(env, value)) return Status();
  const Status status =
      ReadHalfType(env, value, "stateRounding", &description->state_rounding);
  if (status.ok() && description->dtype != Dtype::kFloat32) {
    return Status(StatusCode::kDtype,
                  "Expected \"float32\" for the native argument `dtype` with "
                  "`stateRounding` but received \"float64\"");
  }
  return status;
}

}  // namespace

Status ReadDescription(napi_env env, napi_value value,
                       GruDescription* description, size_t* cuda_device) {
  std::string dtype;
  Status status =
      ReadString(env, Property(env, value, "dtype"), "dtype", &dtype);
  if (!status.ok()) return status;
  if (dtype != "float32" && dtype != "float64") {
    return Status(StatusCode::kDtype,
                  "Expected \"float32\" or \"float64\" for the native argument "
                  "`dtype` but received \"" +
                      dtype + "\"");
  }
  description->dtype = dtype == "float32" ? Dtype::kFloat32 : Dtype::kFloat64;
  status = ReadSize(env, Property(env, value, "features"), "features",
                    &description->features);
  if (status.ok()) {
    status = ReadSize(env, Property(env, value, "units"), "units",
                      &description->units);
  }
  if (status.ok()) {
    status = ReadBool(env, Property(env, value, "resetAfter"), "resetAfter",
                      &description->reset_after);
  }
  if (status.ok()) {
    status = ReadActivation(env, Property(env, value, "activation"),
                            &description->activation);
  }
  if (status.ok()) {
    status = ReadActivation(env, Property(env, value, "recurrentActivation"),
                            &description->recurrent_activation);
  }
  if (status.ok()) {
    status =
        ReadRounding(env, Property(env, value, "stateRounding"), description);
  }
  if (status.ok()) {
    status = ReadSize(env, Property(env, value, "cudaDevice"), "cudaDevice",
                      cuda_device);
  }
  return status.ok() ? CheckDescription(*description) : status;
}

}  // namespace cudnn_gru
