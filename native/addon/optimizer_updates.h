#ifndef CUDNN_GRU_ADDON_OPTIMIZER_UPDATES_H_
#define CUDNN_GRU_ADDON_OPTIMIZER_UPDATES_H_

#include <napi.h>

namespace cudnn_gru {

// Adds the updates of NativeBinding (lib/native/binding.ts), squareSum to
// updateAdam, to `exports`.
void DefineOptimizerUpdates(napi_env env, napi_value exports);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_OPTIMIZER_UPDATES_H_
