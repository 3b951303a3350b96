#include "addon/optimizer_updates.h"

#include <algorithm>
#include <initializer_list>

#include "addon/arguments.h"
#include "addon/contract.h"
#include "addon/errors.h"
#include "core/optimizer_updates.h"
#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

// The arguments of an update: `array_count` arrays of one dtype, each as long
// as the first, and then numbers. Arrays at the positions `nullable` may be
// null.
class UpdateArguments {
 public:
  UpdateArguments(napi_env env, napi_callback_info info,
                  const Signature& signature, size_t array_count,
                  std::initializer_list<size_t> nullable = {}) {
    const Arguments arguments(env, info, signature);
    status = ReadFloatArray(arguments[0], &dtype, &arrays_[0], &length);
    for (size_t i = 1; i < array_count && status.ok(); ++i) {
      const bool may_be_null =
          std::find(nullable.begin(), nullable.end(), i) != nullable.end();
      if (may_be_null && arguments[i].IsNothing()) continue;
      status = ReadTensor(arguments[i], dtype, length, &arrays_[i]);
    }
    for (size_t i = array_count; i < signature.count() && status.ok(); ++i) {
      status = ReadDouble(arguments[i], &numbers_[i]);
    }
  }

  // The position is a template parameter, so that the compiler looks the name
  // up.
  template <typename T, size_t kPosition>
  T* array() const {
    return static_cast<T*>(arrays_[kPosition]);
  }
  template <typename T, size_t kPosition>
  T number() const {
    return static_cast<T>(numbers_[kPosition]);
  }

  Dtype dtype = Dtype::kFloat32;
  size_t length = 0;
  Status status;

 private:
  void* arrays_[kMostArguments] = {};
  double numbers_[kMostArguments] = {};
};

// Calls `update` with a value of the arrays' element type, or throws the error
// of the arguments.
template <typename Update>
napi_value Run(napi_env env, const UpdateArguments& arguments, Update update) {
  if (!arguments.status.ok()) return Throw(env, arguments.status);
  if (arguments.dtype == Dtype::kFloat32) {
    update(float());
  } else {
    update(double());
  }
  return nullptr;
}

int Threads() { return ThreadPool::Get().threads(); }

napi_value Number(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

napi_value Js_squareSum(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("squareSum");
  const UpdateArguments a(env, info, kNames, 1);
  double sum = 0;
  Run(env, a, [&](auto type) {
    using T = decltype(type);
    sum = SquareSum<T>(a.array<T, kNames.PositionOf("values")>(), a.length,
                       Threads());
  });
  return a.status.ok() ? Number(env, sum) : nullptr;
}

napi_value Js_firstNonFinite(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("firstNonFinite");
  const UpdateArguments a(env, info, kNames, 1);
  size_t index = 0;
  Run(env, a, [&](auto type) {
    using T = decltype(type);
    const bool infinities =
        a.number<double, kNames.PositionOf("infinities")>() != 0;
    index = FirstNonFinite<T>(
        a.array<T, kNames.PositionOf("values")>(), a.length,
        infinities ? NonFinite::kNaNOrInfinity : NonFinite::kNaN);
  });
  return a.status.ok() ? Number(env, static_cast<double>(index)) : nullptr;
}

napi_value Js_rescale(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("rescale");
  const UpdateArguments a(env, info, kNames, 2);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    Rescale<T>(a.array<T, kNames.PositionOf("out")>(),
               a.array<T, kNames.PositionOf("values")>(), a.length,
               a.number<T, kNames.PositionOf("factor")>(),
               a.number<T, kNames.PositionOf("divisor")>(), Threads());
  });
}

napi_value Js_clipValues(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("clipValues");
  const UpdateArguments a(env, info, kNames, 2);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    ClipValues<T>(a.array<T, kNames.PositionOf("out")>(),
                  a.array<T, kNames.PositionOf("values")>(), a.length,
                  a.number<T, kNames.PositionOf("limit")>(), Threads());
  });
}

napi_value Js_addAndDivide(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("addAndDivide");
  const UpdateArguments a(env, info, kNames, 3);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    AddAndDivide<T>(a.array<T, kNames.PositionOf("out")>(),
                    a.array<T, kNames.PositionOf("a")>(),
                    a.array<T, kNames.PositionOf("b")>(), a.length,
                    a.number<T, kNames.PositionOf("divisor")>(), Threads());
  });
}

napi_value Js_decayWeights(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("decayWeights");
  const UpdateArguments a(env, info, kNames, 1);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    DecayWeights<T>(a.array<T, kNames.PositionOf("weights")>(), a.length,
                    a.number<T, kNames.PositionOf("decay")>(),
                    a.number<T, kNames.PositionOf("learningRate")>(),
                    Threads());
  });
}

napi_value Js_updateAverage(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("updateAverage");
  const UpdateArguments a(env, info, kNames, 2);
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    UpdateAverage<T>(a.array<T, kNames.PositionOf("average")>(),
                     a.array<T, kNames.PositionOf("weights")>(), a.length,
                     a.number<T, kNames.PositionOf("momentum")>(), Threads());
  });
}

napi_value Js_updateSgd(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("updateSgd");
  const UpdateArguments a(env, info, kNames, 3,
                          {kNames.PositionOf("momentums")});
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    const bool nesterov =
        a.number<double, kNames.PositionOf("nesterov")>() != 0;
    UpdateSgd<T>(a.array<T, kNames.PositionOf("weights")>(),
                 a.array<T, kNames.PositionOf("momentums")>(),
                 {a.array<T, kNames.PositionOf("gradient")>(), a.length},
                 {a.number<T, kNames.PositionOf("learningRate")>(),
                  a.number<T, kNames.PositionOf("momentum")>(),
                  nesterov ? MomentumKind::kNesterov : MomentumKind::kClassic},
                 Threads());
  });
}

napi_value Js_updateRmsprop(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("updateRmsprop");
  const UpdateArguments a(
      env, info, kNames, 5,
      {kNames.PositionOf("momentums"), kNames.PositionOf("averageGradients")});
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    const RmspropNumbers<T> numbers = {
        a.number<T, kNames.PositionOf("learningRate")>(),
        a.number<T, kNames.PositionOf("rho")>(),
        a.number<T, kNames.PositionOf("oneMinusRho")>(),
        a.number<T, kNames.PositionOf("momentum")>(),
        a.number<T, kNames.PositionOf("epsilon")>()};
    UpdateRmsprop<T>(a.array<T, kNames.PositionOf("weights")>(),
                     {a.array<T, kNames.PositionOf("velocities")>(),
                      a.array<T, kNames.PositionOf("momentums")>(),
                      a.array<T, kNames.PositionOf("averageGradients")>()},
                     {a.array<T, kNames.PositionOf("gradient")>(), a.length},
                     numbers, Threads());
  });
}

napi_value Js_updateAdam(napi_env env, napi_callback_info info) {
  constexpr const Signature& kNames = SignatureOf("updateAdam");
  const UpdateArguments a(env, info, kNames, 5,
                          {kNames.PositionOf("velocityHats")});
  return Run(env, a, [&](auto type) {
    using T = decltype(type);
    const AdamNumbers<T> numbers = {
        a.number<T, kNames.PositionOf("alpha")>(),
        a.number<T, kNames.PositionOf("oneMinusBeta1")>(),
        a.number<T, kNames.PositionOf("oneMinusBeta2")>(),
        a.number<T, kNames.PositionOf("epsilon")>()};
    UpdateAdam<T>(a.array<T, kNames.PositionOf("weights")>(),
                  {a.array<T, kNames.PositionOf("momentums")>(),
                   a.array<T, kNames.PositionOf("velocities")>(),
                   a.array<T, kNames.PositionOf("velocityHats")>()},
                  {a.array<T, kNames.PositionOf("gradient")>(), a.length},
                  numbers, Threads());
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
