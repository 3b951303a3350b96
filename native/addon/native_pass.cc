#include "addon/native_pass.h"

#include <array>
#include <utility>

#include "addon/addon_data.h"
#include "addon/arguments.h"
#include "addon/contract.h"
#include "addon/custom_activation.h"
#include "addon/errors.h"
#include "addon/pass_holder.h"
#include "addon/wrapped_object.h"
#include "core/gru_call.h"
#include "core/thread_pool.h"

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

struct NativePass {
  GruDescription description;
  GruCall call;  // sizes and flags
  std::shared_ptr<PassHolder<GruPass>> holder;
  int64_t reported = 0;  // the bytes that V8 knows of
  bool disposed = false;
};

// Marks our objects, as in native_gru.cc.
constexpr napi_type_tag kTypeTag = {0x3c0de5a7719f4b02ULL,
                                    0xb81e62f40d9a7c35ULL};

NativePass* Unwrap(napi_env env, napi_value self) {
  return static_cast<NativePass*>(
      UnwrapObject(env, self, kTypeTag, "NativePass"));
}

// Tells V8 how much memory is freed with the object.
void ReportMemory(napi_env env, NativePass* pass, size_t bytes) {
  int64_t total = 0;
  const int64_t now = static_cast<int64_t>(bytes);
  napi_adjust_external_memory(env, now - pass->reported, &total);
  pass->reported = now;
}

void Finalize(napi_env env, void* object, void*) {
  NativePass* const pass = static_cast<NativePass*>(object);
  ReportMemory(env, pass, 0);
  delete pass;
}

Status ReadGradients(const Arguments& arguments, const NativePass& pass,
                     GruGradients* gradients) {
  const GruDescription& description = pass.description;
  GruCallSizes sizes;
  Status status = ComputeSizes(description, pass.call, &sizes);
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

// Reads the arguments, and takes the pass for the call.
Status Prepare(const Arguments& arguments, const NativePass& pass,
               GruGradients* gradients, std::shared_ptr<GruPass>* taken) {
  if (pass.disposed) {
    return Status(StatusCode::kDisposed, "The pass is disposed.");
  }
  const Status status = ReadGradients(arguments, pass, gradients);
  return status.ok() ? pass.holder->Take(taken) : status;
}

napi_value Js_backward(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info, kSignature);
  NativePass* const pass = Unwrap(env, arguments.self());
  if (pass == nullptr) return nullptr;
  GruGradients gradients;
  std::shared_ptr<GruPass> taken;
  Status status = Prepare(arguments, *pass, &gradients, &taken);
  if (!status.ok()) return Throw(env, status);
  CustomActivation custom(arguments[kCustom], pass->description.dtype);
  gradients.custom = &custom;
  status = taken->Backward(gradients, ThreadPool::Get().threads(), nullptr);
  taken = nullptr;
  pass->holder->GiveBack();
  ReportMemory(env, pass, pass->holder->bytes());
  return status.ok() ? nullptr : Throw(env, status);
}

napi_value Js_backwardAsync(napi_env env, napi_callback_info info) {
  constexpr const Signature& kAsync = SignatureOf("backwardAsync");
  Arguments arguments(env, info, kAsync);
  const NativePass* const pass = Unwrap(env, arguments.self());
  if (pass == nullptr) return nullptr;
  double token = 0;
  Status status = ReadDouble(arguments.TakeFirst(), &token);
  GruGradients gradients;
  std::shared_ptr<GruPass> taken;
  if (status.ok()) {
    status = Prepare(arguments, *pass, &gradients, &taken);
  }
  if (!status.ok()) return Throw(env, status);
  napi_value buffers = nullptr;
  napi_create_array_with_length(env, kCustom, &buffers);
  for (uint32_t i = 0; i < kCustom; ++i) {
    napi_set_element(env, buffers, i, arguments[i].value);
  }
  const std::shared_ptr<GruPass> lent =
      PassHolder<GruPass>::LendTo(std::move(taken), pass->holder);
  return AddonData::Get(env)->async_calls.Submit(
      token, buffers,
      [lent, gradients](int threads, const Cancellation& cancellation) {
        return lent->Backward(gradients, threads, &cancellation);
      });
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  const NativePass* const pass = Unwrap(env, ThisOf(env, info));
  if (pass == nullptr) return nullptr;
  napi_value bytes = nullptr;
  napi_create_double(env, static_cast<double>(pass->holder->bytes()), &bytes);
  return bytes;
}

// A running call keeps the pass alive.
napi_value Js_dispose(napi_env env, napi_callback_info info) {
  NativePass* const pass = Unwrap(env, ThisOf(env, info));
  if (pass == nullptr) return nullptr;
  pass->disposed = true;
  pass->holder->Drop();
  ReportMemory(env, pass, 0);
  return nullptr;
}

}  // namespace

napi_value MakeNativePass(napi_env env, std::unique_ptr<GruPass> pass) {
  auto made = std::make_unique<NativePass>();
  made->description = pass->description();
  made->call = pass->call();
  const size_t bytes = pass->bytes();
  made->holder = std::make_shared<PassHolder<GruPass>>(std::move(pass));
  const std::array<napi_property_descriptor, 4> methods = {
      Method("backward", Js_backward),
      Method("backwardAsync", Js_backwardAsync),
      Method("memoryUsage", Js_memoryUsage), Method("dispose", Js_dispose)};
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_define_properties(env, object, methods.size(), methods.data()) !=
          napi_ok ||
      napi_wrap(env, object, made.get(), Finalize, nullptr, nullptr) !=
          napi_ok) {
    return Throw(env, Status(StatusCode::kOutOfMemory,
                             "Node could not make a NativePass."));
  }
  NativePass* const kept = made.release();
  napi_type_tag_object(env, object, &kTypeTag);
  ReportMemory(env, kept, bytes);
  return object;
}

}  // namespace cudnn_gru
