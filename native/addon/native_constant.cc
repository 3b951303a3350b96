#include "addon/native_constant.h"

#include <utility>

#include "addon/errors.h"
#include "addon/shared_object.h"
#include "addon/wrapped_object.h"

namespace cudnn_gru {
namespace {

// Marks our objects, as in native_gru.cc.
constexpr napi_type_tag kTypeTag = {0x7d03a1f6be492c58ULL,
                                    0x58e6cb90d1347fa2ULL};
constexpr char kClassName[] = "NativeConstant";

struct ArrayType {
  napi_typedarray_type array;
  ElementType element;
};

constexpr ArrayType kArrayTypes[] = {
    {napi_float32_array, ElementType::kFloat32},
    {napi_float64_array, ElementType::kFloat64},
    {napi_int32_array, ElementType::kInt32},
    {napi_uint8_array, ElementType::kBool}};

// Copies the values of a typed array.
Status CopyArray(const Argument& argument,
                 std::shared_ptr<const ConstantData>* constant) {
  bool is_array = false;
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  if (napi_is_typedarray(argument.env, argument.value, &is_array) == napi_ok &&
      is_array &&
      napi_get_typedarray_info(argument.env, argument.value, &type, &length,
                               &data, nullptr, nullptr) == napi_ok) {
    for (const ArrayType& known : kArrayTypes) {
      if (known.array == type) {
        return ConstantData::Create(known.element, data, length, constant);
      }
    }
  }
  return Status(StatusCode::kDtype,
                std::string("Expected a Float32Array, Float64Array, Int32Array "
                            "or Uint8Array for the native argument `") +
                    argument.name + "` but received another value.");
}

// new NativeConstant(values)
napi_value Construct(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  const napi_value self = NewObject(env, info, kClassName, 1, &argument);
  if (self == nullptr) return nullptr;
  std::shared_ptr<const ConstantData> constant;
  const Status status = CopyArray({env, argument, "values"}, &constant);
  if (!status.ok()) return Throw(env, status);
  return WrapShared(env, self, kTypeTag, kClassName, std::move(constant));
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  return ReportNumber(env, info, kTypeTag, kClassName, &ConstantData::bytes);
}

napi_value Js_dispose(napi_env env, napi_callback_info info) {
  return Dispose<ConstantData>(env, info, kTypeTag, kClassName);
}

}  // namespace

Status ReadConstant(const Argument& argument,
                    std::shared_ptr<const ConstantData>* constant) {
  bool is_array = false;
  napi_is_typedarray(argument.env, argument.value, &is_array);
  return is_array ? CopyArray(argument, constant)
                  : ReadShared(argument, kTypeTag, kClassName, constant);
}

napi_value DefineNativeConstant(napi_env env) {
  return DefineSharedClass(env, kClassName, Construct, Js_memoryUsage,
                           Js_dispose);
}

}  // namespace cudnn_gru
