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
  int64_t reported = 0;                // the bytes that V8 knows of

  void Hold(napi_env env, std::shared_ptr<const Value> held) {
    value = std::move(held);
    Report(env, value == nullptr ? 0 : static_cast<int64_t>(value->bytes()));
  }

  // Lets go of the value. Calls and other objects may still have it.
  void Drop(napi_env env) { Hold(env, nullptr); }

 private:
  void Report(napi_env env, int64_t bytes) {
    int64_t total = 0;
    napi_adjust_external_memory(env, bytes - reported, &total);
    reported = bytes;
  }
};

// Makes `self` own `value`. Returns `self`, or null with a pending exception.
template <typename Value>
napi_value WrapShared(napi_env env, napi_value self, const napi_type_tag& tag,
                      const char* class_name,
                      std::shared_ptr<const Value> value) {
  auto object = std::make_unique<SharedObject<Value>>();
  const auto finalize = [](napi_env ending, void* data, void*) {
    SharedObject<Value>* const owned = static_cast<SharedObject<Value>*>(data);
    owned->Drop(ending);
    delete owned;
  };
  SharedObject<Value>* const shared = object.get();
  const napi_value wrapped =
      WrapObject(env, self, tag, class_name, std::move(object), finalize);
  if (wrapped != nullptr) shared->Hold(env, std::move(value));
  return wrapped;
}

// Reads the value of an object of the class `class_name`. Fails with kArgument
// for another value, and with kDisposed.
template <typename Value>
Status ReadShared(const Argument& argument, const napi_type_tag& tag,
                  const char* class_name, std::shared_ptr<const Value>* value) {
  void* object = nullptr;
  const Status status = ReadWrapped(argument, tag, class_name, &object);
  if (!status.ok()) return status;
  *value = static_cast<const SharedObject<Value>*>(object)->value;
  return *value != nullptr
             ? Status()
             : Status(StatusCode::kDisposed,
                      "The " + std::string(class_name) + " is disposed.");
}

// Returns a number that the value behind `this` has, or 0 when it is disposed.
template <typename Value>
napi_value ReportNumber(napi_env env, napi_callback_info info,
                        const napi_type_tag& tag, const char* class_name,
                        size_t (Value::*number)() const) {
  const void* const object =
      UnwrapObject(env, ThisOf(env, info), tag, class_name);
  if (object == nullptr) return nullptr;
  const auto& value = static_cast<const SharedObject<Value>*>(object)->value;
  const size_t reported = value == nullptr ? 0 : (value.get()->*number)();
  napi_value result = nullptr;
  napi_create_double(env, static_cast<double>(reported), &result);
  return result;
}

// Drops the value behind `this`.
template <typename Value>
napi_value Dispose(napi_env env, napi_callback_info info,
                   const napi_type_tag& tag, const char* class_name) {
  void* const object = UnwrapObject(env, ThisOf(env, info), tag, class_name);
  if (object != nullptr) static_cast<SharedObject<Value>*>(object)->Drop(env);
  return nullptr;
}

// Defines a class whose methods are `memoryUsage` and `dispose`.
napi_value DefineSharedClass(napi_env env, const char* class_name,
                             napi_callback construct,
                             napi_callback memory_usage, napi_callback dispose);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_SHARED_OBJECT_H_
