#ifndef CUDNN_GRU_ADDON_NATIVE_MATRIX_H_
#define CUDNN_GRU_ADDON_NATIVE_MATRIX_H_

#include <napi.h>

#include <memory>

#include "addon/arguments.h"
#include "core/status.h"
#include "model/packed_matrix.h"

namespace cudnn_gru {

// Makes the class `NativeMatrix` (lib/native/program_values.ts), whose objects
// hold a packed matrix that programs share. Returns null with a pending
// exception on failure.
napi_value DefineNativeMatrix(napi_env env);

// Reads a NativeMatrix. Fails with kArgument for another value, and with
// kDisposed.
Status ReadNativeMatrix(const Argument& argument,
                        std::shared_ptr<const PackedMatrix>* matrix);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_MATRIX_H_
