#include "addon/custom_activation.h"

#include <cstring>
#include <string>

#include "addon/arguments.h"

namespace cudnn_gru {
namespace {

Status Failed(const std::string& why) {
  return Status(StatusCode::kCallback, "The custom activation failed: " + why);
}

}  // namespace

CustomActivation::CustomActivation(napi_env env, napi_value object, Dtype dtype)
    : env_(env), dtype_(dtype), object_(object) {
  if (object == nullptr || IsNothing(env, object)) return;
  napi_get_named_property(env, object, "input", &input_);
  napi_get_named_property(env, object, "output", &output_);
  napi_get_named_property(env, object, "apply", &apply_);
}

Status CustomActivation::Apply(bool recurrent, const void* x, void* y,
                               size_t n) {
  if (apply_ == nullptr) return Failed("no function was given");
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) {
    return Failed("Node has no room for another handle");
  }
  // The user's function may have detached the arrays: they are looked up anew
  // before each use.
  void* data = nullptr;
  Status status = ReadTensor(env_, input_, dtype_, n, "input", &data);
  if (status.ok()) {
    std::memcpy(data, x, n * DtypeSize(dtype_));
    napi_value argument = nullptr;
    napi_value result = nullptr;
    bool succeeded = false;
    napi_get_boolean(env_, recurrent, &argument);
    // An exception stays pending only if `apply` breaks its promise to catch.
    if (napi_call_function(env_, object_, apply_, 1, &argument, &result) !=
            napi_ok ||
        napi_get_value_bool(env_, result, &succeeded) != napi_ok ||
        !succeeded) {
      napi_value ignored = nullptr;
      napi_get_and_clear_last_exception(env_, &ignored);
      status = Failed("its function threw");
    }
  }
  if (status.ok()) {
    status = ReadTensor(env_, output_, dtype_, n, "output", &data);
    if (status.ok()) std::memcpy(y, data, n * DtypeSize(dtype_));
  }
  napi_close_handle_scope(env_, scope);
  if (status.ok() || status.code() == StatusCode::kCallback) return status;
  return Failed("its arrays were detached");
}

}  // namespace cudnn_gru
