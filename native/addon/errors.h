#ifndef CUDNN_GRU_ADDON_ERRORS_H_
#define CUDNN_GRU_ADDON_ERRORS_H_

#include <napi.h>

#include "core/status.h"

namespace cudnn_gru {

// The stable code of lib/errors.ts, "ERR_SHAPE" for kShape.
const char* ErrorCode(StatusCode code);

// A GRUError for `status`; a plain Error with the same `code` before
// initialize() has given the addon the class.
napi_value MakeError(napi_env env, const Status& status);

// Makes it the pending exception, and returns null for the caller to return.
napi_value Throw(napi_env env, const Status& status);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_ERRORS_H_
