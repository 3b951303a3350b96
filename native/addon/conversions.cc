#include "addon/conversions.h"

#include "addon/arguments.h"
#include "addon/errors.h"
#include "core/half.h"
#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

// (out, in, type), of which one array holds bits and the other values.
struct Conversion {
  Conversion(napi_env env, napi_callback_info info, bool widen) {
    size_t count = 3;
    napi_value arguments[3];
    napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
    const napi_value values = widen ? arguments[0] : arguments[1];
    const napi_value half = widen ? arguments[1] : arguments[0];
    Dtype dtype = Dtype::kFloat32;
    void* data = nullptr;
    status = ReadFloatArray(env, values, "values", &dtype, &data, &length);
    if (status.ok() && dtype != Dtype::kFloat32) {
      status = Status(StatusCode::kDtype,
                      "Expected a Float32Array for the native argument "
                      "`values` but received a Float64Array");
    }
    floats = static_cast<float*>(data);
    if (status.ok()) {
      status = ReadArray(env, half, napi_uint16_array, length, "bits", &data);
    }
    bits = static_cast<uint16_t*>(data);
    if (status.ok()) status = ReadHalfType(env, arguments[2], "dtype", &type);
  }

  float* floats = nullptr;
  uint16_t* bits = nullptr;
  size_t length = 0;
  StateRounding type = StateRounding::kFloat16;
  Status status;
};

}  // namespace

// widen(out, bits, dtype)
napi_value Js_widen(napi_env env, napi_callback_info info) {
  const Conversion conversion(env, info, true);
  if (!conversion.status.ok()) return Throw(env, conversion.status);
  Widen(conversion.type, conversion.bits, conversion.floats, conversion.length,
        ThreadPool::Get().threads());
  return nullptr;
}

// narrow(out, values, dtype)
napi_value Js_narrow(napi_env env, napi_callback_info info) {
  const Conversion conversion(env, info, false);
  if (!conversion.status.ok()) return Throw(env, conversion.status);
  Narrow(conversion.type, conversion.floats, conversion.bits, conversion.length,
         ThreadPool::Get().threads());
  return nullptr;
}

}  // namespace cudnn_gru
