#ifndef CUDNN_GRU_ADDON_NATIVE_PROGRAM_H_
#define CUDNN_GRU_ADDON_NATIVE_PROGRAM_H_

#include <napi.h>

namespace cudnn_gru {

// Makes the class `NativeProgram` (lib/native/native_program.ts), whose objects
// compute whole models. Returns null with a pending exception on failure.
napi_value DefineNativeProgram(napi_env env);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_PROGRAM_H_
