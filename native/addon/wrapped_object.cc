#include "addon/wrapped_object.h"

#include <string>

#include "addon/errors.h"
#include "core/status.h"

namespace cudnn_gru {

Status ReadWrapped(const Argument& argument, const napi_type_tag& tag,
                   const char* class_name, void** object) {
  // Node leaves an exception behind when it is asked for the tag of undefined.
  napi_valuetype type = napi_undefined;
  napi_typeof(argument.env, argument.value, &type);
  bool ours = false;
  if (type == napi_object &&
      napi_check_object_type_tag(argument.env, argument.value, &tag, &ours) ==
          napi_ok &&
      ours && napi_unwrap(argument.env, argument.value, object) == napi_ok) {
    return Status();
  }
  return Status(StatusCode::kArgument, "Expected a " + std::string(class_name) +
                                           " for `" + argument.name +
                                           "` but received another value.");
}

void* UnwrapObject(napi_env env, napi_value self, const napi_type_tag& tag,
                   const char* class_name) {
  void* object = nullptr;
  const Status status =
      ReadWrapped({env, self, "this"}, tag, class_name, &object);
  if (status.ok()) return object;
  Throw(env, status);
  return nullptr;
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
