#include "addon/arguments.h"

#include <cmath>

#include "core/huge_pages.h"

namespace cudnn_gru {
namespace {

Status Wrong(StatusCode code, const char* expected, const char* name) {
  return Status(code, std::string("Expected ") + expected +
                          " for the native argument `" + name +
                          "` but received another value.");
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

// Finds the type, the length and the data of a typed array. Returns false, and
// changes nothing, when the value is not a typed array. `length` and `data` may
// be null.
bool TypedArrayInfo(const Argument& argument, napi_typedarray_type* type,
                    size_t* length, void** data) {
  bool is_array = false;
  return napi_is_typedarray(argument.env, argument.value, &is_array) ==
             napi_ok &&
         is_array &&
         napi_get_typedarray_info(argument.env, argument.value, type, length,
                                  data, nullptr, nullptr) == napi_ok;
}

}  // namespace

bool Argument::IsNothing() const {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_null || type == napi_undefined;
}

Arguments::Arguments(napi_env env, napi_callback_info info,
                     const Signature& signature)
    : env_(env), signature_(signature) {
  size_t count = signature.count();
  napi_get_cb_info(env, info, &count, values_, &self_, nullptr);
}

Argument Arguments::TakeFirst() {
  const Argument first = (*this)[0];
  ++first_;
  return first;
}

Status ReadArray(const Argument& argument, napi_typedarray_type type,
                 size_t length, void** data) {
  napi_typedarray_type found_type = napi_int8_array;
  size_t found_length = 0;
  if (!TypedArrayInfo(argument, &found_type, &found_length, data) ||
      found_type != type) {
    return Wrong(StatusCode::kDtype, TypeName(type), argument.name);
  }
  if (found_length < length) {
    return Status(StatusCode::kShape,
                  "Expected at least " + std::to_string(length) +
                      " elements for the native argument `" + argument.name +
                      "` but received " + std::to_string(found_length) + ".");
  }
  return Status();
}

Status ReadTensor(const Argument& argument, Dtype dtype, size_t length,
                  void** data) {
  return ReadArray(
      argument,
      dtype == Dtype::kFloat32 ? napi_float32_array : napi_float64_array,
      length, data);
}

Status ReadTensorOrBits(const Argument& argument,
                        const GruDescription& description, size_t length,
                        void** data, bool* bits) {
  napi_typedarray_type type = napi_float32_array;
  *bits = description.state_rounding != StateRounding::kNone &&
          TypedArrayInfo(argument, &type, nullptr, nullptr) &&
          type == napi_uint16_array;
  return *bits ? ReadArray(argument, type, length, data)
               : ReadTensor(argument, description.dtype, length, data);
}

Status ReadResult(const Argument& argument, Dtype dtype, size_t length,
                  void** data) {
  const Status status = ReadTensor(argument, dtype, length, data);
  if (status.ok()) AdviseHugePagesInside(*data, length * DtypeSize(dtype));
  return status;
}

Status ReadResultOrBits(const Argument& argument,
                        const GruDescription& description, size_t length,
                        void** data, bool* bits) {
  const Status status =
      ReadTensorOrBits(argument, description, length, data, bits);
  if (!status.ok()) return status;
  const size_t element =
      *bits ? sizeof(uint16_t) : DtypeSize(description.dtype);
  AdviseHugePagesInside(*data, length * element);
  return status;
}

Status ReadFloatArray(const Argument& argument, Dtype* dtype, void** data,
                      size_t* length) {
  napi_typedarray_type type = napi_int8_array;
  if (!TypedArrayInfo(argument, &type, length, data) ||
      (type != napi_float32_array && type != napi_float64_array)) {
    return Wrong(StatusCode::kDtype, "a Float32Array or Float64Array",
                 argument.name);
  }
  *dtype = type == napi_float32_array ? Dtype::kFloat32 : Dtype::kFloat64;
  return Status();
}

Status ReadSize(const Argument& argument, size_t* size) {
  double number = 0;
  if (napi_get_value_double(argument.env, argument.value, &number) != napi_ok ||
      !(number >= 0 && number <= 9007199254740991.0) ||
      number != std::floor(number)) {
    return Wrong(StatusCode::kArgument, "a whole number", argument.name);
  }
  *size = static_cast<size_t>(number);
  return Status();
}

Status ReadInteger(const Argument& argument, int64_t* integer) {
  double number = 0;
  if (napi_get_value_double(argument.env, argument.value, &number) != napi_ok ||
      !(std::fabs(number) <= 9007199254740991.0) ||
      number != std::floor(number)) {
    return Wrong(StatusCode::kArgument, "an integer", argument.name);
  }
  *integer = static_cast<int64_t>(number);
  return Status();
}

Status ReadDouble(const Argument& argument, double* number) {
  if (napi_get_value_double(argument.env, argument.value, number) != napi_ok) {
    return Wrong(StatusCode::kArgument, "a number", argument.name);
  }
  return Status();
}

Status ReadString(const Argument& argument, std::string* text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(argument.env, argument.value, nullptr, 0,
                                 &length) != napi_ok) {
    return Wrong(StatusCode::kArgument, "a string", argument.name);
  }
  text->resize(length);
  napi_get_value_string_utf8(argument.env, argument.value, text->data(),
                             length + 1, &length);
  return Status();
}

Status ReadBool(const Argument& argument, bool* truth) {
  if (napi_get_value_bool(argument.env, argument.value, truth) != napi_ok) {
    return Wrong(StatusCode::kArgument, "a boolean", argument.name);
  }
  return Status();
}

Status ReadDtype(const Argument& argument, Dtype* dtype) {
  std::string text;
  const Status status = ReadString(argument, &text);
  if (!status.ok()) return status;
  if (text != "float32" && text != "float64") {
    return Status(StatusCode::kDtype,
                  "Expected \"float32\" or \"float64\" for the native argument "
                  "`" +
                      std::string(argument.name) + "` but received \"" + text +
                      "\".");
  }
  *dtype = text == "float32" ? Dtype::kFloat32 : Dtype::kFloat64;
  return Status();
}

Status ReadHalfType(const Argument& argument, StateRounding* type) {
  std::string text;
  const Status status = ReadString(argument, &text);
  if (!status.ok()) return status;
  if (text != "float16" && text != "bfloat16") {
    return Wrong(StatusCode::kDtype, "\"float16\" or \"bfloat16\"",
                 argument.name);
  }
  *type =
      text == "float16" ? StateRounding::kFloat16 : StateRounding::kBfloat16;
  return Status();
}

}  // namespace cudnn_gru
