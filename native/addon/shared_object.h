#ifndef CUDNN_GRU_ADDON_SHARED_OBJECT_H_
#define CUDNN_GRU_ADDON_SHARED_OBJECT_H_

#include <napi.h>

#include <cstdint>
#include <memory>
#include <string>
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
  auto object = std::make_unique<SharedObject<Value>>();
  object->value = std::move(value);
  const auto finalize = [](napi_env ending, void* data, void*) {
    SharedObject<Value>* const owned = static_cast<SharedObject<Value>*>(data);
    owned->Drop(ending);
    delete owned;
  };
  if (napi_wrap(env, self, object.get(), finalize, nullptr, nullptr) !=
      napi_ok) {
    return Throw(
        env, Status(StatusCode::kOutOfMemory,
                    std::string("Node could not make a ") + class_name + "."));
  }
  int64_t total = 0;
  napi_adjust_external_memory(
      env, static_cast<int64_t>(object.release()->value->bytes()), &total);
  napi_type_tag_object(env, self, &tag);
  return self;
}

// The only argument of a constructor, and the new object. `self` is null, with
// a pending exception, when JavaScript called the class without `new`.
struct Construction {
  napi_value self = nullptr;
  napi_value argument = nullptr;
};
Construction ReadConstruction(napi_env env, napi_callback_info info,
                              const char* class_name);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_SHARED_OBJECT_H_
