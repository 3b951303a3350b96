#include "addon/wrapped_object.h"

#include <string>

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

napi_value NewObject(napi_env env, napi_callback_info info,
                     const char* class_name, size_t count,
                     napi_value* arguments) {
  napi_value self = nullptr;
  napi_value target = nullptr;
  napi_get_cb_info(env, info, &count, arguments, &self, nullptr);
  napi_get_new_target(env, info, &target);
  if (target != nullptr) return self;
  return Throw(env, Status(StatusCode::kArgument,
                           std::string(class_name) +
                               " is a constructor: call it with `new`."));
}

Status NoObject(const char* class_name) {
  return Status(StatusCode::kOutOfMemory,
                std::string("Node could not make a ") + class_name + ".");
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
