#ifndef CUDNN_GRU_ADDON_NATIVE_STACK_H_
#define CUDNN_GRU_ADDON_NATIVE_STACK_H_

#include <napi.h>

namespace cudnn_gru {

// Makes the class `NativeStack` (lib/native/binding.ts), whose objects compute
// several layers in one call. Returns null with a pending exception on failure.
napi_value DefineNativeStack(napi_env env);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_STACK_H_
