#ifndef CUDNN_GRU_ADDON_NATIVE_PASS_H_
#define CUDNN_GRU_ADDON_NATIVE_PASS_H_

#include <napi.h>

#include <memory>

#include "core/gru_pass.h"

namespace cudnn_gru {

// Makes a `NativePass` (lib/native/binding.ts), which owns the pass that a
// forward call kept. Returns null with a pending exception on failure.
napi_value MakeNativePass(napi_env env, std::unique_ptr<GruPass> pass);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_PASS_H_
