#ifndef CUDNN_GRU_ADDON_NATIVE_TAPE_H_
#define CUDNN_GRU_ADDON_NATIVE_TAPE_H_

#include <napi.h>

#include <memory>

#include "cudnn/tape.h"

namespace cudnn_gru {

// A `NativeTape` (lib/native.ts) over what a forward call kept. Null with a
// pending exception on failure.
napi_value MakeNativeTape(napi_env env, std::unique_ptr<CudnnTape> tape);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_TAPE_H_
