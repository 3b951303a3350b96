#ifndef CUDNN_GRU_ADDON_CUSTOM_ACTIVATION_H_
#define CUDNN_GRU_ADDON_CUSTOM_ACTIVATION_H_

#include <napi.h>

#include "addon/arguments.h"
#include "core/gru_call.h"
#include "core/status.h"

namespace cudnn_gru {

// A user's activation in JavaScript (NativeCustomActivation in lib/native.ts),
// for the time of one synchronous call.
class CustomActivation : public ActivationCallback {
 public:
  // `object` may be null or undefined: then the callback fails if it is called.
  CustomActivation(const Argument& object, Dtype dtype);

  Status Apply(ActivationRole role, const void* x, void* y, size_t n) override;
  Status Differentiate(ActivationRole role, const void* x, const void* y,
                       const void* dy, void* dx, size_t n) override;

 private:
  // Copies `n` elements to or from the array that the object calls `name`. The
  // user's function may have detached it, so it is looked up before each use.
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
