#ifndef CUDNN_GRU_ADDON_NATIVE_GRU_H_
#define CUDNN_GRU_ADDON_NATIVE_GRU_H_

#include <napi.h>

namespace cudnn_gru {

// The constructor of `NativeGru` (lib/native/binding.ts): a layer's description
// and a snapshot of its packed weights. Null with a pending exception on
// failure.
napi_value DefineNativeGru(napi_env env);

// cancel(token): asks an asynchronous call to stop.
napi_value Js_cancel(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_GRU_H_
