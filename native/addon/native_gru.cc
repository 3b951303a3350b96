#include "addon/native_gru.h"

#include <array>
#include <memory>
#include <utility>

#include "addon/addon_data.h"
#include "addon/arguments.h"
#include "addon/backends.h"
#include "addon/call_arguments.h"
#include "addon/contract.h"
#include "addon/custom_activation.h"
#include "addon/description.h"
#include "addon/errors.h"
#include "addon/forward_call.h"
#include "addon/native_pass.h"
#include "addon/step_function.h"
#include "addon/wrapped_object.h"
#include "core/gru_backend.h"
#include "core/gru_call.h"

namespace cudnn_gru {

struct NativeGru {
  GruDescription description;
  BackendMaker make_backends;
  std::shared_ptr<CurrentBackends> current =
      std::make_shared<CurrentBackends>();

  const Backends& backends() const { return current->backends; }
};

namespace {

// Marks our objects, so that a method that is called on another object throws
// and does not crash. The numbers are random and belong to this project alone.
// Two copies of one build in a process have the same ones, and also the same
// layout of the object.
constexpr napi_type_tag kTypeTag = {0x6f1b9d4e27c8453aULL,
                                    0x9a40e7d2b15c836fULL};

constexpr char kClassName[] = "NativeGru";

// Returns the object behind `this`, or null with a pending exception.
NativeGru* Unwrap(napi_env env, napi_value self) {
  return static_cast<NativeGru*>(UnwrapObject(env, self, kTypeTag, kClassName));
}

// Replaces the weights, and tells V8 how much memory that takes or frees.
void ReplaceBackends(napi_env env, NativeGru* gru, Backends backends) {
  const int64_t before = static_cast<int64_t>(gru->backends().bytes());
  const int64_t after = static_cast<int64_t>(backends.bytes());
  gru->current->backends = std::move(backends);
  ++gru->current->version;
  int64_t total = 0;
  napi_adjust_external_memory(env, after - before, &total);
}

void Finalize(napi_env env, void* object, void*) {
  NativeGru* const gru = static_cast<NativeGru*>(object);
  ReplaceBackends(env, gru, Backends());
  delete gru;
}

// new NativeGru(description)
napi_value Construct(napi_env env, napi_callback_info info) {
  napi_value description = nullptr;
  const napi_value self = NewObject(env, info, kClassName, 1, &description);
  if (self == nullptr) return nullptr;
  auto gru = std::make_unique<NativeGru>();
  size_t cuda_device = 0;
  Status status = ReadDescription({env, description, "description"},
                                  &gru->description, &cuda_device);
  if (status.ok()) {
    status =
        PrepareBackends(gru->description, cuda_device, &gru->make_backends);
  }
  return status.ok() ? WrapObject(env, self, kTypeTag, kClassName,
                                  std::move(gru), Finalize)
                     : Throw(env, status);
}

napi_value Js_setWeights(napi_env env, napi_callback_info info) {
  constexpr const Signature& kSignature = SignatureOf("setWeights");
  constexpr size_t kKernel = kSignature.PositionOf("kernel");
  constexpr size_t kRecurrent = kSignature.PositionOf("recurrentKernel");
  constexpr size_t kBias = kSignature.PositionOf("bias");
  const Arguments arguments(env, info, kSignature);
  NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  if (gru->current->disposed) {
    return Throw(env, Status(StatusCode::kDisposed, "The layer is disposed."));
  }
  const GruDescription& description = gru->description;
  const WeightSizes sizes = ComputeWeightSizes(description);
  void* kernel = nullptr;
  void* recurrent = nullptr;
  void* bias = nullptr;
  Status status =
      ReadTensor(arguments[kKernel], description.dtype, sizes.kernel, &kernel);
  if (status.ok()) {
    status = ReadTensor(arguments[kRecurrent], description.dtype,
                        sizes.recurrent_kernel, &recurrent);
  }
  if (status.ok() && !arguments[kBias].IsNothing()) {
    status = ReadTensor(arguments[kBias], description.dtype, sizes.bias, &bias);
  }
  Backends backends;
  if (status.ok()) {
    status = gru->make_backends({kernel, recurrent, bias}, &backends);
  }
  if (!status.ok()) return Throw(env, status);
  ReplaceBackends(env, gru, std::move(backends));
  return nullptr;
}

Status WeightsOf(const NativeGru& gru, Path path,
                 std::shared_ptr<const GruBackend>* backend) {
  Status status = gru.current->CheckReady();
  if (status.ok()) *backend = gru.backends()[path];
  return status;
}

using GruForwardCall = ForwardCall<const GruBackend, GruCall, GruPass>;

// Reads the arguments of a call.
Status Prepare(const Arguments& arguments, const NativeGru& gru,
               GruForwardCall* prepared) {
  Status status = gru.current->CheckReady();
  if (!status.ok()) return status;
  CallPath path;
  status = ReadCall(arguments, gru.description, &prepared->steps,
                    &prepared->call, &path);
  prepared->computer = gru.backends()[path.path];
  prepared->tf32 = path.tf32;
  return status;
}

// Takes the token from the arguments, and reads it and the call behind it.
// Returns null with a pending exception on failure.
std::shared_ptr<AsyncCall<GruForwardCall>> PrepareAsync(Arguments* arguments) {
  const napi_env env = arguments->env();
  const NativeGru* const gru = Unwrap(env, arguments->self());
  if (gru == nullptr) return nullptr;
  auto async = std::make_shared<AsyncCall<GruForwardCall>>();
  const Argument token = arguments->TakeFirst();
  Status status = Prepare(*arguments, *gru, &async->call);
  if (status.ok() && HasCustomActivation(gru->description)) {
    status = Status(StatusCode::kUnsupported,
                    "Expected an activation of Keras's for an asynchronous "
                    "call but received a custom one.");
  }
  if (status.ok()) status = ReadDouble(token, &async->token);
  if (status.ok()) return async;
  Throw(env, status);
  return nullptr;
}

napi_value Js_call(napi_env env, napi_callback_info info) {
  constexpr const Signature& kSignature = SignatureOf("call");
  const Arguments arguments(env, info, kSignature);
  const NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  GruForwardCall call;
  Status status = Prepare(arguments, *gru, &call);
  CustomActivation custom(arguments[kSignature.PositionOf("custom")],
                          gru->description.dtype);
  call.call.custom = &custom;
  return CallNow(env, std::move(status), call);
}

napi_value Js_callAsync(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, SignatureOf("callAsync"));
  const auto async = PrepareAsync(&arguments);
  return async == nullptr ? nullptr
                          : SubmitCall(env, async, CallArrays(arguments));
}

napi_value Js_forward(napi_env env, napi_callback_info info) {
  constexpr const Signature& kSignature = SignatureOf("forward");
  const Arguments arguments(env, info, kSignature);
  const NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  GruForwardCall call;
  Status status = Prepare(arguments, *gru, &call);
  CustomActivation custom(arguments[kSignature.PositionOf("custom")],
                          gru->description.dtype);
  call.call.custom = &custom;
  return ForwardNow(env, std::move(status), &call, MakeNativePass);
}

napi_value Js_forwardAsync(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, SignatureOf("forwardAsync"));
  const auto async = PrepareAsync(&arguments);
  return async == nullptr
             ? nullptr
             : SubmitForward(env, async, CallArrays(arguments), MakeNativePass);
}

napi_value Js_bindStep(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info, SignatureOf("bindStep"));
  const NativeGru* const gru = Unwrap(env, arguments.self());
  if (gru == nullptr) return nullptr;
  return MakeStepFunction(arguments, gru->description, gru->current);
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  const NativeGru* const gru = Unwrap(env, ThisOf(env, info));
  if (gru == nullptr) return nullptr;
  napi_value bytes = nullptr;
  napi_create_double(env, static_cast<double>(gru->backends().bytes()), &bytes);
  return bytes;
}

// Calls in flight keep their weights alive.
napi_value Js_dispose(napi_env env, napi_callback_info info) {
  NativeGru* const gru = Unwrap(env, ThisOf(env, info));
  if (gru == nullptr) return nullptr;
  gru->current->disposed = true;
  ReplaceBackends(env, gru, Backends());
  gru->make_backends = nullptr;
  return nullptr;
}

}  // namespace

Status ReadNativeGru(const Argument& argument, Path path,
                     std::shared_ptr<const GruBackend>* backend) {
  void* object = nullptr;
  const Status status = ReadWrapped(argument, kTypeTag, kClassName, &object);
  return status.ok()
             ? WeightsOf(*static_cast<const NativeGru*>(object), path, backend)
             : status;
}

KeptGru::KeptGru(KeptGru&& other) noexcept
    : env_(other.env_),
      reference_(std::exchange(other.reference_, nullptr)),
      gru_(other.gru_) {}

KeptGru::~KeptGru() {
  if (reference_ != nullptr) napi_delete_reference(env_, reference_);
}

Status KeptGru::Keep(const Argument& argument) {
  void* object = nullptr;
  Status status = ReadWrapped(argument, kTypeTag, kClassName, &object);
  if (!status.ok()) return status;
  if (napi_create_reference(argument.env, argument.value, 1, &reference_) !=
      napi_ok) {
    return Status(StatusCode::kOutOfMemory,
                  "Node could not make a reference to a NativeGru.");
  }
  env_ = argument.env;
  gru_ = static_cast<const NativeGru*>(object);
  return status;
}

Status KeptGru::Weights(Path path,
                        std::shared_ptr<const GruBackend>* backend) const {
  return WeightsOf(*gru_, path, backend);
}

napi_value DefineNativeGru(napi_env env) {
  const std::array<napi_property_descriptor, 8> methods = {
      Method("setWeights", Js_setWeights),     Method("call", Js_call),
      Method("callAsync", Js_callAsync),       Method("forward", Js_forward),
      Method("forwardAsync", Js_forwardAsync), Method("bindStep", Js_bindStep),
      Method("memoryUsage", Js_memoryUsage),   Method("dispose", Js_dispose)};
  napi_value constructor = nullptr;
  napi_define_class(env, kClassName, NAPI_AUTO_LENGTH, Construct, nullptr,
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
