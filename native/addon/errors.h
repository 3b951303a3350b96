#ifndef CUDNN_GRU_ADDON_ERRORS_H_
#define CUDNN_GRU_ADDON_ERRORS_H_

#include <napi.h>

#include "core/status.h"

namespace cudnn_gru {

// Returns the error code that users see, such as "ERR_SHAPE" for kShape.
const char* ErrorCode(StatusCode code);

// Makes a GRUError for `status`. Before initialize() has given the addon that
// class, it is a plain Error with the same `code`.
napi_value MakeError(napi_env env, const Status& status);

// Throws that error in JavaScript. Returns null, which the caller returns too.
napi_value Throw(napi_env env, const Status& status);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_ERRORS_H_
