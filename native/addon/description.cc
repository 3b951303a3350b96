#include "addon/description.h"

#include <string>
#include <vector>

#include "addon/arguments.h"
#include "core/activation_names.h"

namespace cudnn_gru {
namespace {

Argument Property(const Argument& object, const char* name) {
  napi_value value = nullptr;
  if (napi_get_named_property(object.env, object.value, name, &value) !=
      napi_ok) {
    napi_get_undefined(object.env, &value);
  }
  return {object.env, value, name};
}

Status ReadActivation(const Argument& activation, ActivationSpec* spec) {
  std::string name;
  Argument property = Property(activation, "name");
  property.name = "activation.name";
  Status status = ReadString(property, &name);
  if (!status.ok()) return status;
  const napi_env env = activation.env;
  const napi_value list = Property(activation, "parameters").value;
  uint32_t count = 0;
  if (napi_get_array_length(env, list, &count) != napi_ok || count > 8) {
    return Status(StatusCode::kArgument,
                  "Expected a short array for the native argument "
                  "`activation.parameters`.");
  }
  std::vector<double> parameters(count);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element = nullptr;
    napi_get_element(env, list, i, &element);
    status =
        ReadDouble({env, element, "activation.parameters"}, &parameters[i]);
    if (!status.ok()) return status;
  }
  return FindActivation(name, parameters.data(), count, spec);
}

// Reads null, or the 16-bit type that a float32 layer rounds its states to.
Status ReadRounding(const Argument& rounding, GruDescription* description) {
  if (rounding.IsNothing()) return Status();
  const Status status = ReadHalfType(rounding, &description->state_rounding);
  if (status.ok() && description->dtype != Dtype::kFloat32) {
    return Status(StatusCode::kDtype,
                  "Expected \"float32\" for the native argument `dtype` with "
                  "`stateRounding` but received \"float64\".");
  }
  return status;
}

}  // namespace

Status ReadDescription(const Argument& argument, GruDescription* description,
                       size_t* cuda_device) {
  std::string dtype;
  Status status = ReadString(Property(argument, "dtype"), &dtype);
  if (!status.ok()) return status;
  if (dtype != "float32" && dtype != "float64") {
    return Status(StatusCode::kDtype,
                  "Expected \"float32\" or \"float64\" for the native argument "
                  "`dtype` but received \"" +
                      dtype + "\".");
  }
  description->dtype = dtype == "float32" ? Dtype::kFloat32 : Dtype::kFloat64;
  status = ReadSize(Property(argument, "features"), &description->features);
  if (status.ok()) {
    status = ReadSize(Property(argument, "units"), &description->units);
  }
  if (status.ok()) {
    status =
        ReadBool(Property(argument, "resetAfter"), &description->reset_after);
  }
  if (status.ok()) {
    status = ReadActivation(Property(argument, "activation"),
                            &description->activation);
  }
  if (status.ok()) {
    status = ReadActivation(Property(argument, "recurrentActivation"),
                            &description->recurrent_activation);
  }
  if (status.ok()) {
    status = ReadRounding(Property(argument, "stateRounding"), description);
  }
  if (status.ok()) {
    status = ReadSize(Property(argument, "cudaDevice"), cuda_device);
  }
  return status.ok() ? CheckDescription(*description) : status;
}

}  // namespace cudnn_gru
