#include "addon/wrapped_object.h"

#include <string>

#include "addon/errors.h"
#include "core/status.h"

namespace cudnn_gru {

void* UnwrapObject(napi_env env, napi_value self, const napi_type_tag& tag,
                   const char* class_name) {
  bool ours = false;
  void* object = nullptr;
  if (napi_check_object_type_tag(env, self, &tag, &ours) != napi_ok || !ours ||
      napi_unwrap(env, self, &object) != napi_ok) {
    Throw(env, Status(StatusCode::kArgument,
                      "Expected a " + std::string(class_name) +
                          " for `this` but received another object."));
    return nullptr;
  }
  return object;
}

napi_value ThisOf(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  size_t count = 0;
  napi_get_cb_info(env, info, &count, nullptr, &self, nullptr);
  return self;
}

napi_property_descriptor Method(const char* name, napi_callback callback) {
  return {name,    nullptr, callback,     nullptr,
          nullptr, nullptr, napi_default, nullptr};
}

}  // namespace cudnn_gru
