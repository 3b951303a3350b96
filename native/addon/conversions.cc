#include "addon/conversions.h"

#include <string>

#include "addon/arguments.h"
#include "addon/contract.h"
#include "addon/errors.h"
#include "core/half.h"
#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

// The arguments of a conversion. `values` and `half` name the array of float32
// values and the array of bits; the latter is at least as long.
struct Conversion {
  Conversion(napi_env env, napi_callback_info info, const Signature& signature,
             const char* values, const char* half) {
    const Arguments arguments(env, info, signature);
    Dtype dtype = Dtype::kFloat32;
    void* data = nullptr;
    const Argument array = arguments[signature.PositionOf(values)];
    status = ReadFloatArray(array, &dtype, &data, &length);
    if (status.ok() && dtype != Dtype::kFloat32) {
      status = Status(StatusCode::kDtype,
                      std::string("Expected a Float32Array for the native "
                                  "argument `") +
                          array.name + "` but received a Float64Array.");
    }
    floats = static_cast<float*>(data);
    if (status.ok()) {
      status = ReadArray(arguments[signature.PositionOf(half)],
                         napi_uint16_array, length, &data);
    }
    bits = static_cast<uint16_t*>(data);
    if (status.ok()) {
      status = ReadHalfType(arguments[signature.PositionOf("dtype")], &type);
    }
  }

  float* floats = nullptr;
  uint16_t* bits = nullptr;
  size_t length = 0;
  StateRounding type = StateRounding::kFloat16;
  Status status;
};

}  // namespace

napi_value Js_widen(napi_env env, napi_callback_info info) {
  const Conversion conversion(env, info, SignatureOf("widen"), "out", "bits");
  if (!conversion.status.ok()) return Throw(env, conversion.status);
  Widen(conversion.type, conversion.bits, conversion.floats, conversion.length,
        ThreadPool::Get().threads());
  return nullptr;
}

napi_value Js_narrow(napi_env env, napi_callback_info info) {
  const Conversion conversion(env, info, SignatureOf("narrow"), "values",
                              "out");
  if (!conversion.status.ok()) return Throw(env, conversion.status);
  Narrow(conversion.type, conversion.floats, conversion.bits, conversion.length,
         ThreadPool::Get().threads());
  return nullptr;
}

}  // namespace cudnn_gru
