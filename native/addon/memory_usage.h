#ifndef CUDNN_GRU_ADDON_MEMORY_USAGE_H_
#define CUDNN_GRU_ADDON_MEMORY_USAGE_H_

#include <napi.h>

namespace cudnn_gru {

// Reports the native memory of the whole process (NativeBinding in
// lib/native/binding.ts).
napi_value Js_memoryUsage(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_MEMORY_USAGE_H_
