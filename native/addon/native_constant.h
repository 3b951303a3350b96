#ifndef CUDNN_GRU_ADDON_NATIVE_CONSTANT_H_
#define CUDNN_GRU_ADDON_NATIVE_CONSTANT_H_

#include <napi.h>

#include <memory>

#include "addon/arguments.h"
#include "core/status.h"
#include "model/program_spec.h"

namespace cudnn_gru {

// Makes the class `NativeConstant` (lib/native/program_values.ts), whose
// objects hold values that programs share. Returns null with a pending
// exception on failure.
napi_value DefineNativeConstant(napi_env env);

// Reads a NativeConstant, or a typed array, which it copies: a Float32Array,
// Float64Array, Int32Array or Uint8Array, which is bool. Fails with kArgument
// or kDtype for another value, and with kDisposed.
Status ReadConstant(const Argument& argument,
                    std::shared_ptr<const ConstantData>* constant);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_CONSTANT_H_
