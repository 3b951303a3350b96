#ifndef CUDNN_GRU_ADDON_NATIVE_PASS_H_
#define CUDNN_GRU_ADDON_NATIVE_PASS_H_

#include <napi.h>

#include <memory>

#include "core/gru_pass.h"

namespace cudnn_gru {

// A `NativePass` (lib/native.ts) over what a forward call kept. Null with a
// pending exception on failure.
napi_value MakeNativePass(napi_env env, std::unique_ptr<GruPass> pass);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_PASS_H_
