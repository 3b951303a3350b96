#ifndef CUDNN_GRU_ADDON_ARGUMENTS_H_
#define CUDNN_GRU_ADDON_ARGUMENTS_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/gru_problem.h"
#include "core/status.h"

namespace cudnn_gru {

// Readers of JavaScript values that check what memory safety needs. TypeScript
// has already checked what the values mean, so these messages are for
// developers of this package.

// Whether `value` is null or undefined.
bool IsNothing(napi_env env, napi_value value);

// A typed array of `type` with at least `length` elements.
Status ReadArray(napi_env env, napi_value value, napi_typedarray_type type,
                 size_t length, const char* name, void** data);

// One of a floating-point dtype.
Status ReadTensor(napi_env env, napi_value value, Dtype dtype, size_t length,
                  const char* name, void** data);

// Like ReadTensor; where the description names a 16-bit type it may also be a
// Uint16Array, which holds bits.
Status ReadTensorOrBits(napi_env env, napi_value value,
                        const GruDescription& description, size_t length,
                        const char* name, void** data, bool* bits);

// Like ReadTensor, for a Float32Array or Float64Array of any length.
Status ReadFloatArray(napi_env env, napi_value value, const char* name,
                      Dtype* dtype, void** data, size_t* length);

// A whole number in 0 .. 2^53 - 1.
Status ReadSize(napi_env env, napi_value value, const char* name, size_t* size);
Status ReadDouble(napi_env env, napi_value value, const char* name,
                  double* number);
Status ReadString(napi_env env, napi_value value, const char* name,
                  std::string* text);
Status ReadBool(napi_env env, napi_value value, const char* name, bool* truth);
// "float16" or "bfloat16".
Status ReadHalfType(napi_env env, napi_value value, const char* name,
                    StateRounding* type);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_ARGUMENTS_H_
