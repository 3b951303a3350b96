#ifndef CUDNN_GRU_ADDON_CUDNN_INFO_H_
#define CUDNN_GRU_ADDON_CUDNN_INFO_H_

#include <napi.h>

namespace cudnn_gru {

// Describe the driver, the devices and the cuDNN library of this machine, and
// whether they can compute (NativeBinding in lib/native/binding.ts).
napi_value Js_cudnnInfo(napi_env env, napi_callback_info info);
napi_value Js_cudnnRuntime(napi_env env, napi_callback_info info);
// For tests: sets the clock that decides when a verdict that may change is
// asked for again.
napi_value Js_cudnnRuntimeClock(napi_env env, napi_callback_info info);
napi_value Js_cudnnTimings(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_CUDNN_INFO_H_
