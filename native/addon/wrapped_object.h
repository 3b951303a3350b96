#ifndef CUDNN_GRU_ADDON_WRAPPED_OBJECT_H_
#define CUDNN_GRU_ADDON_WRAPPED_OBJECT_H_

#include <napi.h>

#include <cstddef>
#include <memory>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "core/status.h"

namespace cudnn_gru {

// Returns the native object that `self` wraps. `tag` marks the objects of the
// class `class_name`. For another object, on which a method could crash,
// returns null with a pending exception.
void* UnwrapObject(napi_env env, napi_value self, const napi_type_tag& tag,
                   const char* class_name);

// Reads the native object that an argument wraps. Fails with kArgument for
// another value.
Status ReadWrapped(const Argument& argument, const napi_type_tag& tag,
                   const char* class_name, void** object);

// Starts a constructor with up to `count` arguments. Returns the new object, or
// null with a pending exception when JavaScript called it without `new`.
napi_value NewObject(napi_env env, napi_callback_info info,
                     const char* class_name, size_t count,
                     napi_value* arguments);

// The failure of Node to make an object.
Status NoObject(const char* class_name);

// Makes `self` own `object`, which `finalize` deletes, and marks it. Returns
// `self`, or null with a pending exception.
template <typename Object>
napi_value WrapObject(napi_env env, napi_value self, const napi_type_tag& tag,
                      const char* class_name, std::unique_ptr<Object> object,
                      napi_finalize finalize) {
  if (napi_wrap(env, self, object.get(), finalize, nullptr, nullptr) !=
      napi_ok) {
    return Throw(env, NoObject(class_name));
  }
  object.release();
  napi_type_tag_object(env, self, &tag);
  return self;
}

// Returns `this` of a method that takes no arguments.
napi_value ThisOf(napi_env env, napi_callback_info info);

// Describes a method of a class.
napi_property_descriptor Method(const char* name, napi_callback callback);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_WRAPPED_OBJECT_H_
