#include "addon/optimizer_updates.h"

#include "addon/arguments.h"
#include "addon/errors.h"
#include "core/optimizer_updates.h"

namespace cudnn_gru {
namespace {

constexpr size_t kMaxArrays = 5;
constexpr size_t kMaxNumbers = 5;

// Reads (array, ..., number, ...): arrays of one dtype, each as long as the
// first, of which those in the bit set `nullable` may be null.
struct Arguments {
  Arguments(napi_env env, napi_callback_info info, size_t array_count,
            size_t number_count, unsigned nullable = 0) {
    size_t count = kMaxArrays + kMaxNumbers;
    napi_value values[kMaxArrays + kMaxNumbers];
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
    status = ReadFloatArray(env, values[0], "arrays[0]", &dtype, &arrays[0],
                            &length);
    for (size_t i = 1; i < array_count && status.ok(); ++i) {
      if ((nullable >> i & 1) != 0 && IsNothing(env, values[i])) continue;
      status = ReadTensor(env, values[i], dtype, length, "arrays", &arrays[i]);
    }
    for (size_t i = 0; i < number_count && status.ok(); ++i) {
      status = ReadDouble(env, values[array_count + i], "numbers", &numbers[i]);
    }
  }

  template <typename T>
  T* array(size_t i) const {
    return static_cast<T*>(arrays[i]);
  }
  template <typename T>
  T number(size_t i) const {
    return static_cast<T>(numbers[i]);
  }

  Dtype dtype = Dtype::kFloat32;
  size_t length = 0;
  void* arrays[kMaxArrays] = {};
  double numbers[kMaxNumbers] = {};
  Status status;
};

// Calls `update` with a value of the arrays' type, unless they were refused.
template <typename Update>
napi_value Run(napi_env env, const Arguments& arguments, Update update) {
  if (!arguments.status.ok()) return Throw(env, arguments.status);
  if (arguments.dtype == Dtype::kFloat32) {
    update(float());
  } else {
    update(double());
  }
  return nullptr;
}

napi_value Number(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

// squareSum(values)
napi_value Js_squareSum(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 1, 0);
  double sum = 0;
  Run(env, a, [&](auto type) {
    using T = decltype(type);
    sum = SquareSum<T>(a.array<T>(0), a.length);
  });
  return a.status.ok() ? Number(env, sum) : nullptr;
}

// firstNonFinite(values, infinities)
napi_value Js_firstNonFinite(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 1, 1);
  size_t index = 0;
  Run(env, a, [&](auto type) {
    using T = decltype(type);
    index = FirstNonFinite<T>(a.array<T>(0), a.length, a.numbers[0] != 0);
  });
  return a.status.ok() ? Number(env, static_cast<double>(index)) : nullptr;
}

// rescale(out, values, factor, divisor)
napi_value Js_rescale(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 2, 2);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    Rescale<T>(a.array<T>(0), a.array<T>(1), a.length, a.number<T>(0),
               a.number<T>(1));
  });
}

// clipValues(out, values, limit)
napi_value Js_clipValues(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 2, 1);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    ClipValues<T>(a.array<T>(0), a.array<T>(1), a.length, a.number<T>(0));
  });
}

// addAndDivide(out, a, b, divisor)
napi_value Js_addAndDivide(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 3, 1);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    AddAndDivide<T>(a.array<T>(0), a.array<T>(1), a.array<T>(2), a.length,
                    a.number<T>(0));
  });
}

// decayWeights(weights, decay, learningRate)
napi_value Js_decayWeights(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 1, 2);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    DecayWeights<T>(a.array<T>(0), a.length, a.number<T>(0), a.number<T>(1));
  });
}

// updateAverage(average, weights, momentum)
napi_value Js_updateAverage(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 2, 1);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    UpdateAverage<T>(a.array<T>(0), a.array<T>(1), a.length, a.number<T>(0));
  });
}

// updateSgd(weights, momentums, gradient, learningRate, momentum, nesterov)
napi_value Js_updateSgd(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 3, 3, 1u << 1);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    UpdateSgd<T>(a.array<T>(0), a.array<T>(1), a.array<T>(2), a.length,
                 a.number<T>(0), a.number<T>(1), a.numbers[2] != 0);
  });
}

// updateRmsprop(weights, velocities, momentums, averageGradients, gradient,
//               learningRate, rho, oneMinusRho, momentum, epsilon)
napi_value Js_updateRmsprop(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 5, 5, 1u << 2 | 1u << 3);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    const RmspropNumbers<T> numbers = {a.number<T>(0), a.number<T>(1),
                                       a.number<T>(2), a.number<T>(3),
                                       a.number<T>(4)};
    UpdateRmsprop<T>(a.array<T>(0), a.array<T>(1), a.array<T>(2), a.array<T>(3),
                     a.array<T>(4), a.length, numbers);
  });
}

// updateAdam(weights, momentums, velocities, velocityHats, gradient, alpha,
//            oneMinusBeta1, oneMinusBeta2, epsilon)
napi_value Js_updateAdam(napi_env env, napi_callback_info info) {
  const Arguments a(env, info, 5, 4, 1u << 3);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    const AdamNumbers<T> numbers = {a.number<T>(0), a.number<T>(1),
                                    a.number<T>(2), a.number<T>(3)};
    UpdateAdam<T>(a.array<T>(0), a.array<T>(1), a.array<T>(2), a.array<T>(3),
                  a.array<T>(4), a.length, numbers);
  });
}

}  // namespace

void DefineOptimizerUpdates(napi_env env, napi_value exports) {
  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {
      {"squareSum", Js_squareSum},
      {"firstNonFinite", Js_firstNonFinite},
      {"rescale", Js_rescale},
      {"clipValues", Js_clipValues},
      {"addAndDivide", Js_addAndDivide},
      {"decayWeights", Js_decayWeights},
      {"updateAverage", Js_updateAverage},
      {"updateSgd", Js_updateSgd},
      {"updateRmsprop", Js_updateRmsprop},
      {"updateAdam", Js_updateAdam},
  };
  for (const auto& [name, callback] : functions) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr,
                         &function);
    napi_set_named_property(env, exports, name, function);
  }
}

}  // namespace cudnn_gru
