#include "addon/arguments.h"

#include <cmath>

namespace cudnn_gru {
namespace {

Status Wrong(StatusCode code, const char* expected, const char* name) {
  return Status(code, std::string("Expected ") + expected +
                          " for the native argument `" + name +
                          "` but received another value");
}

const char* TypeName(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return "a Float32Array";
    case napi_float64_array:
      return "a Float64Array";
    case napi_uint16_array:
      return "a Uint16Array";
    case napi_uint8_array:
      return "a Uint8Array";
    case napi_int32_array:
      return "an Int32Array";
    default:
      return "a typed array";
  }
}

}  // namespace

bool IsNothing(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_null || type == napi_undefined;
}

Status ReadArray(napi_env env, napi_value value, napi_typedarray_type type,
                 size_t length, const char* name, void** data) {
  napi_typedarray_type found_type = napi_int8_array;
  size_t found_length = 0;
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &found_type, &found_length, data,
                               nullptr, nullptr) != napi_ok ||
      found_type != type) {
    return Wrong(StatusCode::kDtype, TypeName(type), name);
  }
  if (found_length < length) {
    return Status(StatusCode::kShape,
                  "Expected at least " + std::to_string(length) +
                      " elements for the native argument `" + name +
                      "` but received " + std::to_string(found_length));
  }
  return Status();
}

Status ReadTensor(napi_env env, napi_value value, Dtype dtype, size_t length,
                  const char* name, void** data) {
  return ReadArray(
      env, value,
      dtype == Dtype::kFloat32 ? napi_float32_array : napi_float64_array,
      length, name, data);
}

Status ReadTensorOrBits(napi_env env, napi_value value,
                        const GruDescription& description, size_t length,
                        const char* name, void** data, bool* bits) {
  napi_typedarray_type type = napi_float32_array;
  bool is_array = false;
  *bits = description.state_rounding != StateRounding::kNone &&
          napi_is_typedarray(env, value, &is_array) == napi_ok && is_array &&
          napi_get_typedarray_info(env, value, &type, nullptr, nullptr, nullptr,
                                   nullptr) == napi_ok &&
          type == napi_uint16_array;
  return *bits ? ReadArray(env, value, type, length, name, data)
               : ReadTensor(env, value, description.dtype, length, name, data);
}

Status ReadFloatArray(napi_env env, napi_value value, const char* name,
                      Dtype* dtype, void** data, size_t* length) {
  napi_typedarray_type type = napi_int8_array;
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, length, data, nullptr,
                               nullptr) != napi_ok ||
      (type != napi_float32_array && type != napi_float64_array)) {
    return Wrong(StatusCode::kDtype, "a Float32Array or Float64Array", name);
  }
  *dtype = type == napi_float32_array ? Dtype::kFloat32 : Dtype::kFloat64;
  return Status();
}

Status ReadSize(napi_env env, napi_value value, const char* name,
                size_t* size) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok ||
      !(number >= 0 && number <= 9007199254740991.0) ||
      number != std::floor(number)) {
    return Wrong(StatusCode::kArgument, "a whole number", name);
  }
  *size = static_cast<size_t>(number);
  return Status();
}

Status ReadDouble(napi_env env, napi_value value, const char* name,
                  double* number) {
  if (napi_get_value_double(env, value, number) != napi_ok) {
    return Wrong(StatusCode::kArgument, "a number", name);
  }
  return Status();
}

Status ReadString(napi_env env, napi_value value, const char* name,
                  std::string* text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    return Wrong(StatusCode::kArgument, "a string", name);
  }
  text->resize(length);
  napi_get_value_string_utf8(env, value, text->data(), length + 1, &length);
  return Status();
}

Status ReadBool(napi_env env, napi_value value, const char* name, bool* truth) {
  if (napi_get_value_bool(env, value, truth) != napi_ok) {
    return Wrong(StatusCode::kArgument, "a boolean", name);
  }
  return Status();
}

Status ReadHalfType(napi_env env, napi_value value, const char* name,
                    StateRounding* type) {
  std::string text;
  const Status status = ReadString(env, value, name, &text);
  if (!status.ok()) return status;
  if (text != "float16" && text != "bfloat16") {
    return Wrong(StatusCode::kDtype, "\"float16\" or \"bfloat16\"", name);
  }
  *type =
      text == "float16" ? StateRounding::kFloat16 : StateRounding::kBfloat16;
  return Status();
}

}  // namespace cudnn_gru
