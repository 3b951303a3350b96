#ifndef CUDNN_GRU_ADDON_CUSTOM_ACTIVATION_H_
#define CUDNN_GRU_ADDON_CUSTOM_ACTIVATION_H_

#include <napi.h>

#include "addon/arguments.h"
#include "core/gru_call.h"
#include "core/status.h"

namespace cudnn_gru {

// An activation that the user wrote in JavaScript (NativeCustomActivation in
// lib/native/binding.ts). The object lives as long as one synchronous call.
class CustomActivation : public ActivationCallback {
 public:
  // `object` may be null or undefined. The callback then fails when it is used.
  CustomActivation(const Argument& object, Dtype dtype);

  Status Apply(ActivationRole role, const void* x, void* y, size_t n) override;
  Status Differentiate(ActivationRole role, const void* x, const void* y,
                       const void* dy, void* dx, size_t n) override;

 private:
  // Copy `n` elements to and from the object's array `name`. They look it up
  // each time, because the user's function may have detached it.
  Status CopyTo(const char* name, const void* values, size_t n) const;
  Status CopyFrom(const char* name, void* values, size_t n) const;
  // Calls the object's `method`.
  Status Call(const char* method, ActivationRole role) const;

  const napi_env env_;
  const Dtype dtype_;
  const napi_value object_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_CUSTOM_ACTIVATION_H_
