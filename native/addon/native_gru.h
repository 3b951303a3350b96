#ifndef CUDNN_GRU_ADDON_NATIVE_GRU_H_
#define CUDNN_GRU_ADDON_NATIVE_GRU_H_

#include <napi.h>

namespace cudnn_gru {

// Makes the class `NativeGru` (lib/native/binding.ts), whose objects hold a
// layer's description and one version of its weights. Returns null with a
// pending exception on failure.
napi_value DefineNativeGru(napi_env env);

// cancel(token): asks an asynchronous call to stop.
napi_value Js_cancel(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_GRU_H_
