#ifndef CUDNN_GRU_ADDON_NATIVE_STACK_PASS_H_
#define CUDNN_GRU_ADDON_NATIVE_STACK_PASS_H_

#include <napi.h>

#include <memory>

#include "core/gru_stack_pass.h"

namespace cudnn_gru {

// Makes a `NativeStackPass` (lib/native/binding.ts), which owns the pass that a
// stack's forward call kept. Returns null with a pending exception on failure.
napi_value MakeNativeStackPass(napi_env env,
                               std::unique_ptr<GruStackPass> pass);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_STACK_PASS_H_
