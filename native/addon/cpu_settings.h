#ifndef CUDNN_GRU_ADDON_CPU_SETTINGS_H_
#define CUDNN_GRU_ADDON_CPU_SETTINGS_H_

#include <napi.h>

#include "core/status.h"

namespace cudnn_gru {

// Returns kArgument for environment variables that ask for kernels or threads
// that this process cannot have.
Status CheckCpuEnvironment();

// Report and set the kernels and threads that calls on the CPU use
// (NativeBinding in lib/native/binding.ts).
napi_value Js_cpuInfo(napi_env env, napi_callback_info info);
napi_value Js_setThreads(napi_env env, napi_callback_info info);

// Returns how many of the threads for asynchronous calls have nothing to do.
napi_value Js_freeThreads(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_CPU_SETTINGS_H_
