#ifndef CUDNN_GRU_ADDON_RANDOM_H_
#define CUDNN_GRU_ADDON_RANDOM_H_

#include <napi.h>

namespace cudnn_gru {

// Fill a Float32Array or Float64Array with random numbers (NativeBinding in
// lib/native/binding.ts).
napi_value Js_randomUniform(napi_env env, napi_callback_info info);
napi_value Js_randomNormal(napi_env env, napi_callback_info info);
napi_value Js_truncatedNormal(napi_env env, napi_callback_info info);
napi_value Js_orthogonal(napi_env env, napi_callback_info info);
napi_value Js_dropoutMask(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_RANDOM_H_
