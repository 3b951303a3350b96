#ifndef CUDNN_GRU_ADDON_CALL_ARGUMENTS_H_
#define CUDNN_GRU_ADDON_CALL_ARGUMENTS_H_

#include <napi.h>

#include "core/gru_problem.h"
#include "core/status.h"

namespace cudnn_gru {

// Positions of NativeCallArguments in lib/native.ts.
enum CallArgument {
  kInputs,
  kOutput,
  kState,
  kInitialState,
  kMask,
  kLengths,
  kInputDropout,
  kRecurrentDropout,
  kBatch,
  kTimesteps,
  kFlags,
  kCustom,
  kCallArguments,
};

// What computes a call.
struct CallPath {
  bool cudnn = false;
  bool allow_tf32 = false;
};

// Reads NativeCallArguments up to the flags. The pointers are good while the
// arrays are.
Status ReadCall(napi_env env, const GruDescription& description,
                const napi_value* arguments, GruCall* call, CallPath* path);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_CALL_ARGUMENTS_H_
