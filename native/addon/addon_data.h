#ifndef CUDNN_GRU_ADDON_ADDON_DATA_H_
#define CUDNN_GRU_ADDON_ADDON_DATA_H_

#include <napi.h>

#include <memory>

#include "addon/async_calls.h"

namespace cudnn_gru {

// The state of one JavaScript environment, which is the main thread or a
// worker. The environment owns it. Everything that the whole process shares is
// in core/.
struct AddonData {
  explicit AddonData(napi_env env) : async_calls(env) {}

  static AddonData* Get(napi_env env);

  napi_ref error_class = nullptr;  // GRUError
  AsyncCalls async_calls;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_ADDON_DATA_H_
