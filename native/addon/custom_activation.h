#ifndef CUDNN_GRU_ADDON_CUSTOM_ACTIVATION_H_
#define CUDNN_GRU_ADDON_CUSTOM_ACTIVATION_H_

#include <napi.h>

#include "core/gru_problem.h"
#include "core/status.h"

namespace cudnn_gru {

// A user's activation in JavaScript (NativeCustomActivation in lib/native.ts),
// for the time of one synchronous call.
class CustomActivation : public ActivationCallback {
 public:
  // `object` may be null or undefined: then the callback fails if it is called.
  CustomActivation(napi_env env, napi_value object, Dtype dtype);

  Status Apply(bool recurrent, const void* x, void* y, size_t n) override;

 private:
  const napi_env env_;
  const Dtype dtype_;
  napi_value object_;
  napi_value input_ = nullptr;
  napi_value output_ = nullptr;
  napi_value apply_ = nullptr;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_CUSTOM_ACTIVATION_H_
