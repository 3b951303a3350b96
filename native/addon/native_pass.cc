#include "addon/native_pass.h"

#include <utility>

#include "addon/arguments.h"
#include "addon/contract.h"
#include "addon/custom_activation.h"
#include "addon/pass_object.h"
#include "core/gru_call.h"

namespace cudnn_gru {
namespace {

constexpr const Signature& kSignature = SignatureOf("backward");
constexpr size_t kOutputGradient = kSignature.PositionOf("dOutput");
constexpr size_t kStateGradient = kSignature.PositionOf("dState");
constexpr size_t kInputGradient = kSignature.PositionOf("dInputs");
constexpr size_t kInitialStateGradient = kSignature.PositionOf("dInitialState");
constexpr size_t kKernelGradient = kSignature.PositionOf("dKernel");
constexpr size_t kRecurrentKernelGradient =
    kSignature.PositionOf("dRecurrentKernel");
constexpr size_t kBiasGradient = kSignature.PositionOf("dBias");
constexpr size_t kCustom = kSignature.PositionOf("custom");

Status ReadGruGradients(const Arguments& arguments, const GruPass& pass,
                        GruGradients* gradients) {
  const GruDescription& description = pass.description();
  GruCallSizes sizes;
  Status status = ComputeSizes(description, pass.call(), &sizes);
  const auto read_by = [&](auto* reader, size_t position, size_t length) {
    void* data = nullptr;
    if (status.ok() && !arguments[position].IsNothing()) {
      status = reader(arguments[position], description.dtype, length, &data);
    }
    return data;
  };
  const auto read = [&](size_t position, size_t length) {
    return read_by(ReadTensor, position, length);
  };
  const auto result = [&](size_t position, size_t length) {
    return read_by(ReadResult, position, length);
  };
  const WeightSizes weights = ComputeWeightSizes(description);
  gradients->d_output = read(kOutputGradient, sizes.output);
  gradients->d_state = read(kStateGradient, sizes.state);
  gradients->d_inputs = result(kInputGradient, sizes.inputs);
  gradients->d_initial_state = result(kInitialStateGradient, sizes.state);
  gradients->d_kernel = result(kKernelGradient, weights.kernel);
  gradients->d_recurrent_kernel =
      result(kRecurrentKernelGradient, weights.recurrent_kernel);
  gradients->d_bias = result(kBiasGradient, weights.bias);
  return status;
}

struct GruPassKind {
  using Pass = GruPass;
  using Gradients = GruGradients;
  using Arguments = cudnn_gru::Arguments;

  static constexpr char kName[] = "NativePass";
  // The numbers are random, as in native_gru.cc.
  static constexpr napi_type_tag kTag = {0x3c0de5a7719f4b02ULL,
                                         0xb81e62f40d9a7c35ULL};

  static Arguments Read(napi_env env, napi_callback_info info) {
    return Arguments(env, info, kSignature);
  }
  static Arguments ReadAsync(napi_env env, napi_callback_info info) {
    return Arguments(env, info, SignatureOf("backwardAsync"));
  }
  static Status ReadGradients(const Arguments& arguments, const GruPass& pass,
                              GruGradients* gradients) {
    return ReadGruGradients(arguments, pass, gradients);
  }
  static Status BackwardNow(const Arguments& arguments, GruPass* pass,
                            GruGradients* gradients, int threads) {
    CustomActivation custom(arguments[kCustom], pass->description().dtype);
    gradients->custom = &custom;
    return pass->Backward(*gradients, threads, nullptr);
  }
  static napi_value Buffers(const Arguments& arguments) {
    napi_value buffers = nullptr;
    napi_create_array_with_length(arguments.env(), kCustom, &buffers);
    for (uint32_t i = 0; i < kCustom; ++i) {
      napi_set_element(arguments.env(), buffers, i, arguments[i].value);
    }
    return buffers;
  }
};

}  // namespace

napi_value MakeNativePass(napi_env env, std::unique_ptr<GruPass> pass) {
  return PassObject<GruPassKind>::Make(env, std::move(pass));
}

}  // namespace cudnn_gru
