#ifndef CUDNN_GRU_ADDON_PROCESS_INFO_H_
#define CUDNN_GRU_ADDON_PROCESS_INFO_H_

#include <napi.h>

namespace cudnn_gru {

// What the process has and may use (NativeBinding in lib/native/binding.ts).
napi_value Js_cpuInfo(napi_env env, napi_callback_info info);
napi_value Js_setThreads(napi_env env, napi_callback_info info);
napi_value Js_memoryUsage(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_PROCESS_INFO_H_
