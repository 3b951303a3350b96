#ifndef CUDNN_GRU_ADDON_NATIVE_TAPE_H_
#define CUDNN_GRU_ADDON_NATIVE_TAPE_H_

#include <napi.h>

#include <memory>

#include "core/gru_tape.h"

namespace cudnn_gru {

// A `NativeTape` (lib/native/binding.ts) over what a forward call kept. Null
// with a pending exception on failure.
napi_value MakeNativeTape(napi_env env, std::unique_ptr<GruTape> tape);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_TAPE_H_
