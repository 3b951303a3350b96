#ifndef CUDNN_GRU_ADDON_CONVERSIONS_H_
#define CUDNN_GRU_ADDON_CONVERSIONS_H_

#include <napi.h>

namespace cudnn_gru {

// Convert between float32 and the bits of a 16-bit type (NativeBinding in
// lib/native/binding.ts).
napi_value Js_widen(napi_env env, napi_callback_info info);
napi_value Js_narrow(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_CONVERSIONS_H_
