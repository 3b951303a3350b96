#include "addon/native_gru.h"

#include <array>
#include <memory>
#include <utility>

#include "addon/addon_data.h"
#include "addon/arguments.h"
#include "addon/call_arguments.h"
#include "addon/contract.h"
#include "addon/custom_activation.h"
#include "addon/description.h"
#include "addon/errors.h"
#include "addon/native_tape.h"
#include "core/gru_problem.h"
#include "core/thread_pool.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/forward/gru_forward.h"
#include "cpu/gru_tape.h"
#include "cpu/weights/weights.h"
#include "cudnn/forward.h"
#include "cudnn/weights.h"

namespace cudnn_gru {
namespace {

struct NativeGru {
  GruDescription description;
  CpuIsa isa;
  std::shared_ptr<CudnnLayer> cudnn_layer;
  std::shared_ptr<const CpuWeights> weights;  // null before setWeights
  // The same on the device, from the first call with cuDNN on.
  std::shared_ptr<CudnnWeights> cudnn_weights;
  bool disposed = false;
};

// Marks our objects, so that a method called on another one is an error and
// not a crash. A random number of this project's own; two copies of one build
// in a process share it, and the same layout.
constexpr napi_type_tag kTypeTag = {0x6f1b9d4e27c8453aULL,
                                    0x9a40e7d2b15c836fULL};

// The object behind `this`, or null with a pending exception.
NativeGru* Unwrap(napi_env env, napi_value self) {
  bool ours = false;
  void* object = nullptr;
  if (napi_check_object_type_tag(env, self, &kTypeTag, &ours) != napi_ok ||
      !ours || napi_unwrap(env, self, &object) != napi_ok) {
    Throw(env, Status(StatusCode::kArgument,
                      "Expected a NativeGru for `this` but received another "
                      "object"));
    return nullptr;
  }
  return static_cast<NativeGru*>(object);
}

void AdjustMemory(napi_env env, int64_t change) {
  int64_t total = 0;
  napi_adjust_external_memory(env, change, &total);
}

void ReplaceWeights(napi_env env, NativeGru* gru,
                    std::shared_ptr<const CpuWeights> weights) {
  const int64_t before =
      gru->weights == nullptr ? 0 : static_cast<int64_t>(gru->weights->bytes());
  gru->weights = std::move(weights);
  gru->cudnn_weights = nullptr;
  if (gru->weights != nullptr) {
    gru->cudnn_weights = std::make_shared<CudnnWeights>(
        gru->cudnn_layer,
        [weights = gru->weights](void* kernel, void* recurrent, void* bias) {
          weights->Unpack(kernel, recurrent, bias);
        });
  }
  const int64_t after =
      gru->weights == nullptr ? 0 : static_cast<int64_t>(gru->weights->bytes());
  AdjustMemory(env, after - before);
}

void Finalize(napi_env env, void* object, void*) {
  NativeGru* const gru = static_cast<NativeGru*>(object);
  ReplaceWeights(env, gru, nullptr);
  delete gru;
}

// new NativeGru(description)
napi_value Construct(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_value self = nullptr;
  napi_value target = nullptr;
  napi_get_cb_info(env, info, &count, &argument, &self, nullptr);
  napi_get_new_target(env, info, &target);
  if (target == nullptr) {
    return Throw(env, Status(StatusCode::kArgument,
                             "NativeGru is a constructor: call it with `new`"));
  }
  auto gru = std::make_unique<NativeGru>();
  Status status = SelectedIsa(&gru->isa);
  size_t cuda_device = 0;
  if (status.ok()) {
    status = ReadDescription({env, argument, "description"}, &gru->description,
                             &cuda_device);
  }
  if (!status.ok()) return Throw(env, status);
  gru->cudnn_layer =
      std::make_shared<CudnnLayer>(gru->description, cuda_device);
  if (napi_wrap(env, self, gru.get(), Finalize, nullptr, nullptr) != napi_ok) {
    return Throw(env, Status(StatusCode::kOutOfMemory,
                             "Node could not make a NativeGru"));
  }
  gru.release();
  napi_type_tag_object(env, self, &kTypeTag);
  return self;
}

// setWeights(kernel, recurrentKernel, bias)
napi_value Js_setWeights(napi_env env, napi_callback_info info) {
  constexpr const Signature& kSignature = SignatureOf("setWeights");
  constexpr size_t kKernel = kSignature.PositionOf("kernel");
  constexpr size_t kRecurrent = kSignature.PositionOf("recurrentKernel");
  constexpr size_t kBias = kSignature.PositionOf("bias");
  const Arguments arguments(env, info, kSignature);
  NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  if (gru->disposed) {
    return Throw(env, Status(StatusCode::kDisposed, "The layer is disposed"));
  }
  const GruDescription& description = gru->description;
  const size_t row = kGates * description.units;
  void* kernel = nullptr;
  void* recurrent = nullptr;
  void* bias = nullptr;
  Status status = ReadTensor(arguments[kKernel], description.dtype,
                             description.features * row, &kernel);
  if (status.ok()) {
    status = ReadTensor(arguments[kRecurrent], description.dtype,
                        description.units * row, &recurrent);
  }
  if (status.ok() && !arguments[kBias].IsNothing()) {
    status = ReadTensor(arguments[kBias], description.dtype,
                        description.reset_after ? 2 * row : row, &bias);
  }
  std::shared_ptr<const CpuWeights> weights;
  if (status.ok()) {
    status = CpuWeights::Create(description, gru->isa, kernel, recurrent, bias,
                                &weights);
  }
  if (!status.ok()) return Throw(env, status);
  ReplaceWeights(env, gru, std::move(weights));
  return nullptr;
}

bool IsCustom(const GruDescription& description) {
  return description.activation.kind == Activation::kCustom ||
         description.recurrent_activation.kind == Activation::kCustom;
}

Status CheckReady(const NativeGru& gru) {
  if (gru.disposed) {
    return Status(StatusCode::kDisposed, "The layer is disposed");
  }
  if (gru.weights == nullptr) {
    return Status(StatusCode::kNotBuilt, "The layer has no weights yet");
  }
  return Status();
}

// A call with all it needs: it may outlive the layer.
struct PreparedCall {
  std::shared_ptr<const CpuWeights> weights;
  std::shared_ptr<CudnnWeights> cudnn_weights;
  GruCall call;
  CallPath path;

  CudnnOptions Options(int threads) const {
    CudnnOptions options;
    options.allow_tf32 = path.allow_tf32;
    options.threads = threads;
    return options;
  }
  Status Run(int threads, const Cancellation* cancellation) const {
    return path.cudnn ? ForwardOnCudnn(cudnn_weights, call, Options(threads),
                                       cancellation)
                      : ForwardOnCpu(*weights, call, threads, cancellation);
  }
  Status RunWithTape(int threads, const Cancellation* cancellation,
                     std::unique_ptr<GruTape>* tape) const {
    if (call.output_is_bits) {
      return Status(StatusCode::kDtype,
                    "Expected a Float32Array for the native argument `output` "
                    "of a pass but received a Uint16Array");
    }
    if (path.cudnn) {
      std::unique_ptr<CudnnTape> kept;
      const Status status = ForwardOnCudnn(
          cudnn_weights, call, Options(threads), cancellation, &kept);
      *tape = std::move(kept);
      return status;
    }
    std::unique_ptr<CpuTape> kept;
    const Status status =
        CpuTape::Forward(weights, call, threads, cancellation, &kept);
    *tape = std::move(kept);
    return status;
  }
};

// Reads NativeCallArguments. `steps` must live as long as the call runs.
Status Prepare(const Arguments& arguments, const NativeGru& gru,
               StepSelection* steps, PreparedCall* prepared) {
  const Status status = CheckReady(gru);
  if (!status.ok()) return status;
  prepared->weights = gru.weights;
  prepared->cudnn_weights = gru.cudnn_weights;
  return ReadCall(arguments, gru.description, steps, &prepared->call,
                  &prepared->path);
}

// Reads the token, and takes it from the arguments, and the call.
Status PrepareAsync(Arguments* arguments, const NativeGru& gru, double* token,
                    StepSelection* steps, PreparedCall* prepared) {
  const Argument first = arguments->TakeFirst();
  Status status = Prepare(*arguments, gru, steps, prepared);
  if (status.ok() && IsCustom(gru.description)) {
    status = Status(StatusCode::kUnsupported,
                    "Expected an activation of Keras's for an asynchronous "
                    "call but received a custom one");
  }
  return status.ok() ? ReadDouble(first, token) : status;
}

// call(...NativeCallArguments, custom)
napi_value Js_call(napi_env env, napi_callback_info info) {
  constexpr const Signature& kSignature = SignatureOf("call");
  const Arguments arguments(env, info, kSignature);
  const NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  StepSelection steps;
  PreparedCall prepared;
  Status status = Prepare(arguments, *gru, &steps, &prepared);
  CustomActivation custom(arguments[kSignature.PositionOf("custom")],
                          gru->description.dtype);
  prepared.call.custom = &custom;
  if (status.ok()) {
    status = prepared.Run(ThreadPool::Get().threads(), nullptr);
  }
  return status.ok() ? nullptr : Throw(env, status);
}

// callAsync(token, ...NativeCallArguments)
napi_value Js_callAsync(napi_env env, napi_callback_info info) {
  constexpr const Signature& kSignature = SignatureOf("callAsync");
  Arguments arguments(env, info, kSignature);
  const NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  double token = 0;
  const auto steps = std::make_shared<StepSelection>();
  PreparedCall prepared;
  const Status status =
      PrepareAsync(&arguments, *gru, &token, steps.get(), &prepared);
  if (!status.ok()) return Throw(env, status);
  return AddonData::Get(env)->async_calls.Submit(
      token, CallArrays(arguments),
      [prepared, steps](bool alone, const Cancellation& cancellation) {
        return prepared.Run(alone ? ThreadPool::Get().threads() : 1,
                            &cancellation);
      });
}

// forward(...NativeCallArguments, custom)
napi_value Js_forward(napi_env env, napi_callback_info info) {
  constexpr const Signature& kSignature = SignatureOf("forward");
  const Arguments arguments(env, info, kSignature);
  const NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  StepSelection steps;
  PreparedCall prepared;
  Status status = Prepare(arguments, *gru, &steps, &prepared);
  CustomActivation custom(arguments[kSignature.PositionOf("custom")],
                          gru->description.dtype);
  prepared.call.custom = &custom;
  std::unique_ptr<GruTape> tape;
  if (status.ok()) {
    status = prepared.RunWithTape(ThreadPool::Get().threads(), nullptr, &tape);
  }
  return status.ok() ? MakeNativeTape(env, std::move(tape))
                     : Throw(env, status);
}

// forwardAsync(token, ...NativeCallArguments)
napi_value Js_forwardAsync(napi_env env, napi_callback_info info) {
  constexpr const Signature& kSignature = SignatureOf("forwardAsync");
  Arguments arguments(env, info, kSignature);
  const NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  double token = 0;
  const auto steps = std::make_shared<StepSelection>();
  PreparedCall prepared;
  const Status status =
      PrepareAsync(&arguments, *gru, &token, steps.get(), &prepared);
  if (!status.ok()) return Throw(env, status);
  // Made on the executor's thread, taken on this one.
  const auto tape = std::make_shared<std::unique_ptr<GruTape>>();
  return AddonData::Get(env)->async_calls.Submit(
      token, CallArrays(arguments),
      [prepared, steps, tape](bool alone, const Cancellation& cancellation) {
        return prepared.RunWithTape(alone ? ThreadPool::Get().threads() : 1,
                                    &cancellation, tape.get());
      },
      [tape](napi_env settling) {
        return MakeNativeTape(settling, std::move(*tape));
      });
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  size_t count = 0;
  napi_get_cb_info(env, info, &count, nullptr, &self, nullptr);
  const NativeGru* const gru = Unwrap(env, self);
  if (gru == nullptr) return nullptr;
  napi_value bytes = nullptr;
  napi_create_double(
      env,
      gru->weights == nullptr ? 0 : static_cast<double>(gru->weights->bytes()),
      &bytes);
  return bytes;
}

// Calls in flight hold the weights themselves.
napi_value Js_dispose(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  size_t count = 0;
  napi_get_cb_info(env, info, &count, nullptr, &self, nullptr);
  NativeGru* const gru = Unwrap(env, self);
  if (gru == nullptr) return nullptr;
  gru->disposed = true;
  ReplaceWeights(env, gru, nullptr);
  gru->cudnn_layer = nullptr;
  return nullptr;
}

}  // namespace

napi_value DefineNativeGru(napi_env env) {
  const auto method = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name,    nullptr, callback,     nullptr,
                                    nullptr, nullptr, napi_default, nullptr};
  };
  const std::array<napi_property_descriptor, 7> methods = {
      method("setWeights", Js_setWeights),
      method("call", Js_call),
      method("callAsync", Js_callAsync),
      method("forward", Js_forward),
      method("forwardAsync", Js_forwardAsync),
      method("memoryUsage", Js_memoryUsage),
      method("dispose", Js_dispose)};
  napi_value constructor = nullptr;
  napi_define_class(env, "NativeGru", NAPI_AUTO_LENGTH, Construct, nullptr,
                    methods.size(), methods.data(), &constructor);
  return constructor;
}

napi_value Js_cancel(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  double token = 0;
  const Status status = ReadDouble({env, argument, "token"}, &token);
  if (!status.ok()) return Throw(env, status);
  AddonData::Get(env)->async_calls.Cancel(token);
  return nullptr;
}

}  // namespace cudnn_gru
