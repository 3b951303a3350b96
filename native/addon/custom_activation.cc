#include "addon/custom_activation.h"

#include <cstring>
#include <string>

namespace cudnn_gru {
namespace {

Status Failed(const std::string& why) {
  return Status(StatusCode::kCallback,
                "The custom activation failed: " + why + ".");
}

// Frees the handles to the values of one row when the row is done.
class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env) {
    if (napi_open_handle_scope(env, &scope_) != napi_ok) scope_ = nullptr;
  }
  ~HandleScope() {
    if (scope_ != nullptr) napi_close_handle_scope(env_, scope_);
  }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

  bool open() const { return scope_ != nullptr; }

 private:
  const napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

}  // namespace

CustomActivation::CustomActivation(const Argument& object, Dtype dtype)
    : env_(object.env),
      dtype_(dtype),
      object_(object.IsNothing() ? nullptr : object.value) {}

Status CustomActivation::Apply(ActivationRole role, const void* x, void* y,
                               size_t n) {
  const HandleScope scope(env_);
  if (!scope.open()) return Failed("Node has no room for another handle");
  Status status = CopyTo("input", x, n);
  if (status.ok()) status = Call("apply", role);
  if (status.ok()) status = CopyFrom("output", y, n);
  return status;
}

Status CustomActivation::Differentiate(ActivationRole role, const void* x,
                                       const void* y, const void* dy, void* dx,
                                       size_t n) {
  const HandleScope scope(env_);
  if (!scope.open()) return Failed("Node has no room for another handle");
  Status status = CopyTo("input", x, n);
  if (status.ok()) status = CopyTo("output", y, n);
  if (status.ok()) status = CopyTo("outputGradient", dy, n);
  if (status.ok()) status = Call("differentiate", role);
  if (status.ok()) status = CopyFrom("inputGradient", dx, n);
  return status;
}

Status CustomActivation::CopyTo(const char* name, const void* values,
                                size_t n) const {
  if (object_ == nullptr) return Failed("no function was given");
  napi_value array = nullptr;
  void* data = nullptr;
  if (napi_get_named_property(env_, object_, name, &array) != napi_ok ||
      !ReadTensor({env_, array, name}, dtype_, n, &data).ok()) {
    return Failed("its arrays were detached");
  }
  if (n > 0) std::memcpy(data, values, n * DtypeSize(dtype_));
  return Status();
}

Status CustomActivation::CopyFrom(const char* name, void* values,
                                  size_t n) const {
  napi_value array = nullptr;
  void* data = nullptr;
  if (napi_get_named_property(env_, object_, name, &array) != napi_ok ||
      !ReadTensor({env_, array, name}, dtype_, n, &data).ok()) {
    return Failed("its arrays were detached");
  }
  if (n > 0) std::memcpy(values, data, n * DtypeSize(dtype_));
  return Status();
}

Status CustomActivation::Call(const char* method, ActivationRole role) const {
  napi_value function = nullptr;
  napi_value argument = nullptr;
  napi_value result = nullptr;
  bool succeeded = false;
  napi_get_boolean(env_, role == ActivationRole::kGate, &argument);
  // The method catches what the user's function throws and returns false. If an
  // exception is pending here all the same, it is dropped.
  if (napi_get_named_property(env_, object_, method, &function) == napi_ok &&
      napi_call_function(env_, object_, function, 1, &argument, &result) ==
          napi_ok &&
      napi_get_value_bool(env_, result, &succeeded) == napi_ok && succeeded) {
    return Status();
  }
  napi_value ignored = nullptr;
  napi_get_and_clear_last_exception(env_, &ignored);
  return Failed("its function threw");
}

}  // namespace cudnn_gru
