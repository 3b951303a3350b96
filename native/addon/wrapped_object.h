#ifndef CUDNN_GRU_ADDON_WRAPPED_OBJECT_H_
#define CUDNN_GRU_ADDON_WRAPPED_OBJECT_H_

#include <napi.h>

#include "addon/arguments.h"
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

// Returns `this` of a method that takes no arguments.
napi_value ThisOf(napi_env env, napi_callback_info info);

// Describes a method of a class.
napi_property_descriptor Method(const char* name, napi_callback callback);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_WRAPPED_OBJECT_H_
