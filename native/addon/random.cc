#include "addon/random.h"

#include "addon/arguments.h"
#include "addon/contract.h"
#include "addon/errors.h"
#include "core/random.h"
#include "cpu/initializers/orthogonal.h"

namespace cudnn_gru {
namespace {

struct Out {
  Dtype dtype = Dtype::kFloat32;
  void* data = nullptr;
  size_t length = 0;

  float* f32() const { return static_cast<float*>(data); }
  double* f64() const { return static_cast<double*>(data); }
};

// The arguments of a fill: the array, then numbers.
struct FillArguments {
  FillArguments(napi_env env, napi_callback_info info,
                const Signature& signature) {
    const Arguments arguments(env, info, signature);
    status = ReadFloatArray(arguments[0], &out.dtype, &out.data, &out.length);
    for (size_t i = 1; i < signature.count() && status.ok(); ++i) {
      status = ReadDouble(arguments[i], &numbers_[i]);
    }
  }

  double Number(size_t position) const { return numbers_[position]; }
  // Reads a whole number from 0 to 2^53 - 1. Any other number sets `status`,
  // and the result is 0.
  uint64_t Whole(size_t position) {
    const double number = Number(position);
    if (number >= 0 && number <= 9007199254740991.0) {
      return static_cast<uint64_t>(number);
    }
    status = Status(StatusCode::kArgument,
                    "Expected an integer from 0 to 2^53 - 1 for a native "
                    "argument but received another number.");
    return 0;
  }

  Out out;
  Status status;

 private:
  double numbers_[kMostArguments] = {};
};

using Fill32 = void (*)(float*, size_t, uint64_t, double, double);
using Fill64 = void (*)(double*, size_t, uint64_t, double, double);

// Runs a fill whose arguments are the array, a seed and two numbers.
napi_value Fill(napi_env env, napi_callback_info info,
                const Signature& signature, Fill32 fill32, Fill64 fill64) {
  FillArguments arguments(env, info, signature);
  const uint64_t seed = arguments.Whole(1);
  if (!arguments.status.ok()) return Throw(env, arguments.status);
  const Out& out = arguments.out;
  const double a = arguments.Number(2);
  const double b = arguments.Number(3);
  if (out.dtype == Dtype::kFloat32) {
    fill32(out.f32(), out.length, seed, a, b);
  } else {
    fill64(out.f64(), out.length, seed, a, b);
  }
  return nullptr;
}

}  // namespace

napi_value Js_randomUniform(napi_env env, napi_callback_info info) {
  return Fill(env, info, SignatureOf("randomUniform"), FillUniform<float>,
              FillUniform<double>);
}

napi_value Js_randomNormal(napi_env env, napi_callback_info info) {
  return Fill(env, info, SignatureOf("randomNormal"), FillNormal<float>,
              FillNormal<double>);
}

napi_value Js_truncatedNormal(napi_env env, napi_callback_info info) {
  return Fill(env, info, SignatureOf("truncatedNormal"),
              FillTruncatedNormal<float>, FillTruncatedNormal<double>);
}

napi_value Js_orthogonal(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("orthogonal");
  FillArguments arguments(env, info, kNames);
  const uint64_t rows = arguments.Whole(kNames.PositionOf("rows"));
  const uint64_t columns = arguments.Whole(kNames.PositionOf("columns"));
  const uint64_t seed = arguments.Whole(kNames.PositionOf("seed"));
  uint64_t elements = 0;
  if (arguments.status.ok() &&
      (__builtin_mul_overflow(rows, columns, &elements) ||
       elements > arguments.out.length)) {
    arguments.status = Status(StatusCode::kShape,
                              "Expected rows * columns elements for the native "
                              "argument `out` but received fewer.");
  }
  if (!arguments.status.ok()) return Throw(env, arguments.status);
  const Out& out = arguments.out;
  const double gain = arguments.Number(kNames.PositionOf("gain"));
  const Status status =
      out.dtype == Dtype::kFloat32
          ? FillOrthogonal(out.f32(), rows, columns, seed, gain)
          : FillOrthogonal(out.f64(), rows, columns, seed, gain);
  return status.ok() ? nullptr : Throw(env, status);
}

napi_value Js_dropoutMask(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("dropoutMask");
  FillArguments arguments(env, info, kNames);
  const uint64_t seed = arguments.Whole(kNames.PositionOf("seed"));
  const uint64_t stream = arguments.Whole(kNames.PositionOf("stream"));
  if (!arguments.status.ok()) return Throw(env, arguments.status);
  const Out& out = arguments.out;
  const double rate = arguments.Number(kNames.PositionOf("rate"));
  if (out.dtype == Dtype::kFloat32) {
    FillDropoutMask(out.f32(), out.length, seed, stream, rate);
  } else {
    FillDropoutMask(out.f64(), out.length, seed, stream, rate);
  }
  return nullptr;
}

}  // namespace cudnn_gru
