#include "addon/random.h"

#include "addon/arguments.h"
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

// Reads (out, a, b, c, ...): the array and up to four numbers.
struct Arguments {
  Arguments(napi_env env, napi_callback_info info, size_t wanted) {
    size_t count = 5;
    napi_value values[5];
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
    status = ReadFloatArray(env, values[0], "out", &out.dtype, &out.data,
                            &out.length);
    for (size_t i = 0; i < wanted && status.ok(); ++i) {
      status = ReadDouble(env, values[i + 1], "numbers", &numbers[i]);
    }
  }

  // A whole number in 0 .. 2^53 - 1; anything else becomes 0 and an error.
  uint64_t Whole(size_t i) {
    const double number = numbers[i];
    if (number >= 0 && number <= 9007199254740991.0) {
      return static_cast<uint64_t>(number);
    }
    status = Status(StatusCode::kArgument,
                    "Expected an integer from 0 to 2^53 - 1 for a native "
                    "argument but received another number");
    return 0;
  }

  Out out;
  double numbers[4] = {0, 0, 0, 0};
  Status status;
};

using Fill32 = void (*)(float*, size_t, uint64_t, double, double);
using Fill64 = void (*)(double*, size_t, uint64_t, double, double);

// fill(out, seed, a, b)
napi_value Fill(napi_env env, napi_callback_info info, Fill32 fill32,
                Fill64 fill64) {
  Arguments arguments(env, info, 3);
  const uint64_t seed = arguments.Whole(0);
  if (!arguments.status.ok()) return Throw(env, arguments.status);
  const Out& out = arguments.out;
  const double a = arguments.numbers[1];
  const double b = arguments.numbers[2];
  if (out.dtype == Dtype::kFloat32) {
    fill32(out.f32(), out.length, seed, a, b);
  } else {
    fill64(out.f64(), out.length, seed, a, b);
  }
  return nullptr;
}

}  // namespace

napi_value Js_randomUniform(napi_env env, napi_callback_info info) {
  return Fill(env, info, FillUniform<float>, FillUniform<double>);
}

napi_value Js_randomNormal(napi_env env, napi_callback_info info) {
  return Fill(env, info, FillNormal<float>, FillNormal<double>);
}

napi_value Js_truncatedNormal(napi_env env, napi_callback_info info) {
  return Fill(env, info, FillTruncatedNormal<float>,
              FillTruncatedNormal<double>);
}

// orthogonal(out, rows, columns, seed, gain)
napi_value Js_orthogonal(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 4);
  const uint64_t rows = arguments.Whole(0);
  const uint64_t columns = arguments.Whole(1);
  const uint64_t seed = arguments.Whole(2);
  uint64_t elements = 0;
  if (arguments.status.ok() &&
      (__builtin_mul_overflow(rows, columns, &elements) ||
       elements > arguments.out.length)) {
    arguments.status = Status(StatusCode::kShape,
                              "Expected rows * columns elements for the native "
                              "argument `out` but received fewer");
  }
  if (!arguments.status.ok()) return Throw(env, arguments.status);
  const Out& out = arguments.out;
  const double gain = arguments.numbers[3];
  const Status status =
      out.dtype == Dtype::kFloat32
          ? FillOrthogonal(out.f32(), rows, columns, seed, gain)
          : FillOrthogonal(out.f64(), rows, columns, seed, gain);
  return status.ok() ? nullptr : Throw(env, status);
}

// dropoutMask(out, seed, stream, rate)
napi_value Js_dropoutMask(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 3);
  const uint64_t seed = arguments.Whole(0);
  const uint64_t stream = arguments.Whole(1);
  if (!arguments.status.ok()) return Throw(env, arguments.status);
  const Out& out = arguments.out;
  const double rate = arguments.numbers[2];
  if (out.dtype == Dtype::kFloat32) {
    FillDropoutMask(out.f32(), out.length, seed, stream, rate);
  } else {
    FillDropoutMask(out.f64(), out.length, seed, stream, rate);
  }
  return nullptr;
}

}  // namespace cudnn_gru
