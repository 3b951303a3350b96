#ifndef CUDNN_GRU_ADDON_SHARED_OBJECT_H_
#define CUDNN_GRU_ADDON_SHARED_OBJECT_H_

#include <napi.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "addon/errors.h"
#include "addon/wrapped_object.h"
#include "core/status.h"

namespace cudnn_gru {

// The native value that a JavaScript object owns. It does not change, and calls
// and other objects share it. Value has the method `bytes`, which V8 is told
// of.
template <typename Value>
struct SharedObject {
  std::shared_ptr<const Value> value;  // null when the object is disposed

  // Replaces the value by nothing.
  void Drop(napi_env env) {
    if (value == nullptr) return;
    int64_t total = 0;
    napi_adjust_external_memory(env, -static_cast<int64_t>(value->bytes()),
                                &total);
    value = nullptr;
  }
};

// Makes `self` own `value`. Returns `self`, or null with a pending exception.
template <typename Value>
napi_value WrapShared(napi_env env, napi_value self, const napi_type_tag& tag,
                      const char* class_name,
                      std::shared_ptr<const Value> value) {
  const auto bytes = static_cast<int64_t>(value->bytes());
  auto object = std::make_unique<SharedObject<Value>>();
  object->value = std::move(value);
  const auto finalize = [](napi_env ending, void* data, void*) {
    SharedObject<Value>* const owned = static_cast<SharedObject<Value>*>(data);
    owned->Drop(ending);
    delete owned;
  };
  const napi_value wrapped =
      WrapObject(env, self, tag, class_name, std::move(object), finalize);
  int64_t total = 0;
  if (wrapped != nullptr) napi_adjust_external_memory(env, bytes, &total);
  return wrapped;
}

// Returns the bytes of the value that `this` owns, which is not disposed, as a
// JavaScript number, or null with a pending exception.
template <typename Value>
napi_value SharedBytes(napi_env env, napi_callback_info info,
                       const napi_type_tag& tag, const char* class_name) {
  const void* const object =
      UnwrapObject(env, ThisOf(env, info), tag, class_name);
  if (object == nullptr) return nullptr;
  const auto* const shared = static_cast<const SharedObject<Value>*>(object);
  napi_value bytes = nullptr;
  napi_create_double(env, static_cast<double>(shared->value->bytes()), &bytes);
  return bytes;
}

// Defines a class whose only method is `memoryUsage`.
napi_value DefineSharedClass(napi_env env, const char* class_name,
                             napi_callback construct,
                             napi_callback memory_usage);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_SHARED_OBJECT_H_
