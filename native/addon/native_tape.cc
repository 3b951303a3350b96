#include "addon/native_tape.h"

#include <array>
#include <mutex>
#include <utility>

#include "addon/addon_data.h"
#include "addon/arguments.h"
#include "addon/contract.h"
#include "addon/custom_activation.h"
#include "addon/errors.h"
#include "core/gru_problem.h"
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

// The tape itself, shared with a backward call that runs on another thread. One
// call may have it; it goes when that call has used it up.
class TapeHolder {
 public:
  explicit TapeHolder(std::unique_ptr<GruTape> tape) : tape_(std::move(tape)) {}

  // The tape for one backward call, or kState.
  Status Take(std::shared_ptr<GruTape>* tape) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (taken_ || tape_ == nullptr) {
      return Status(StatusCode::kState,
                    "Expected a pass whose `backward` has not been called yet "
                    "but received a used one. Call `forward` again.");
    }
    taken_ = true;
    *tape = tape_;
    return Status();
  }
  // Ends what Take began. A call that failed before it used the tape leaves it.
  void GiveBack() {
    std::lock_guard<std::mutex> lock(mutex_);
    taken_ = false;
    if (tape_ != nullptr && tape_->spent()) tape_ = nullptr;
  }
  void Drop() {
    std::lock_guard<std::mutex> lock(mutex_);
    tape_ = nullptr;
  }
  size_t bytes() {
    std::lock_guard<std::mutex> lock(mutex_);
    return tape_ == nullptr ? 0 : tape_->bytes();
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<GruTape> tape_;
  bool taken_ = false;
};

struct NativeTape {
  GruDescription description;
  GruCall call;  // sizes and flags
  std::shared_ptr<TapeHolder> holder;
  int64_t reported = 0;  // bytes V8 knows of
  bool disposed = false;
};

// Marks our objects; see native_gru.cc.
constexpr napi_type_tag kTypeTag = {0x3c0de5a7719f4b02ULL,
                                    0xb81e62f40d9a7c35ULL};

NativeTape* Unwrap(napi_env env, napi_value self) {
  bool ours = false;
  void* object = nullptr;
  if (napi_check_object_type_tag(env, self, &kTypeTag, &ours) != napi_ok ||
      !ours || napi_unwrap(env, self, &object) != napi_ok) {
    Throw(env, Status(StatusCode::kArgument,
                      "Expected a NativeTape for `this` but received another "
                      "object"));
    return nullptr;
  }
  return static_cast<NativeTape*>(object);
}

// Tells V8 how much goes when the object goes.
void ReportMemory(napi_env env, NativeTape* tape, size_t bytes) {
  int64_t total = 0;
  const int64_t now = static_cast<int64_t>(bytes);
  napi_adjust_external_memory(env, now - tape->reported, &total);
  tape->reported = now;
}

void Finalize(napi_env env, void* object, void*) {
  NativeTape* const tape = static_cast<NativeTape*>(object);
  ReportMemory(env, tape, 0);
  delete tape;
}

Status ReadGradients(const Arguments& arguments, const NativeTape& tape,
                     GruGradients* gradients) {
  const GruDescription& description = tape.description;
  GruCallSizes sizes;
  Status status =
      ComputeSizes(description, tape.call.batch, tape.call.timesteps,
                   tape.call.return_sequences, &sizes);
  const auto read = [&](size_t position, size_t length) {
    void* data = nullptr;
    if (status.ok() && !arguments[position].IsNothing()) {
      status =
          ReadTensor(arguments[position], description.dtype, length, &data);
    }
    return data;
  };
  const WeightSizes weights = ComputeWeightSizes(description);
  gradients->d_output = read(kOutputGradient, sizes.output);
  gradients->d_state = read(kStateGradient, sizes.state);
  gradients->d_inputs = read(kInputGradient, sizes.inputs);
  gradients->d_initial_state = read(kInitialStateGradient, sizes.state);
  gradients->d_kernel = read(kKernelGradient, weights.kernel);
  gradients->d_recurrent_kernel =
      read(kRecurrentKernelGradient, weights.recurrent_kernel);
  gradients->d_bias = read(kBiasGradient, weights.bias);
  return status;
}

// Reads the arguments and takes the tape.
Status Prepare(const Arguments& arguments, const NativeTape& tape,
               GruGradients* gradients, std::shared_ptr<GruTape>* taken) {
  if (tape.disposed) {
    return Status(StatusCode::kDisposed, "The pass is disposed");
  }
  const Status status = ReadGradients(arguments, tape, gradients);
  return status.ok() ? tape.holder->Take(taken) : status;
}

// backward(...NativeBackwardArguments, custom)
napi_value Js_backward(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info, kSignature);
  NativeTape* const tape = Unwrap(env, arguments.self());
  if (tape == nullptr) return nullptr;
  GruGradients gradients;
  std::shared_ptr<GruTape> taken;
  Status status = Prepare(arguments, *tape, &gradients, &taken);
  if (!status.ok()) return Throw(env, status);
  CustomActivation custom(arguments[kCustom], tape->description.dtype);
  gradients.custom = &custom;
  status = taken->Backward(gradients, ThreadPool::Get().threads(), nullptr);
  taken = nullptr;
  tape->holder->GiveBack();
  ReportMemory(env, tape, tape->holder->bytes());
  return status.ok() ? nullptr : Throw(env, status);
}

// backwardAsync(token, ...NativeBackwardArguments)
napi_value Js_backwardAsync(napi_env env, napi_callback_info info) {
  constexpr const Signature& kAsync = SignatureOf("backwardAsync");
  Arguments arguments(env, info, kAsync);
  const NativeTape* const tape = Unwrap(env, arguments.self());
  if (tape == nullptr) return nullptr;
  double token = 0;
  Status status = ReadDouble(arguments.TakeFirst(), &token);
  GruGradients gradients;
  std::shared_ptr<GruTape> taken;
  if (status.ok()) {
    status = Prepare(arguments, *tape, &gradients, &taken);
  }
  if (!status.ok()) return Throw(env, status);
  napi_value buffers = nullptr;
  napi_create_array_with_length(env, kCustom, &buffers);
  for (uint32_t i = 0; i < kCustom; ++i) {
    napi_set_element(env, buffers, i, arguments[i].value);
  }
  // Gives the tape back when the call has ended, or has been dropped before it
  // began.
  const std::shared_ptr<GruTape> lent(
      taken.get(), [taken, holder = tape->holder](GruTape*) mutable {
        taken = nullptr;
        holder->GiveBack();
      });
  return AddonData::Get(env)->async_calls.Submit(
      token, buffers,
      [lent, gradients](bool alone, const Cancellation& cancellation) {
        return lent->Backward(
            gradients, alone ? ThreadPool::Get().threads() : 1, &cancellation);
      });
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  size_t count = 0;
  napi_get_cb_info(env, info, &count, nullptr, &self, nullptr);
  const NativeTape* const tape = Unwrap(env, self);
  if (tape == nullptr) return nullptr;
  napi_value bytes = nullptr;
  napi_create_double(env, static_cast<double>(tape->holder->bytes()), &bytes);
  return bytes;
}

// A call that runs holds the tape itself.
napi_value Js_dispose(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  size_t count = 0;
  napi_get_cb_info(env, info, &count, nullptr, &self, nullptr);
  NativeTape* const tape = Unwrap(env, self);
  if (tape == nullptr) return nullptr;
  tape->disposed = true;
  tape->holder->Drop();
  ReportMemory(env, tape, 0);
  return nullptr;
}

}  // namespace

napi_value MakeNativeTape(napi_env env, std::unique_ptr<GruTape> tape) {
  auto made = std::make_unique<NativeTape>();
  made->description = tape->description();
  made->call = tape->call();
  const size_t bytes = tape->bytes();
  made->holder = std::make_shared<TapeHolder>(std::move(tape));
  const auto method = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name,    nullptr, callback,     nullptr,
                                    nullptr, nullptr, napi_default, nullptr};
  };
  const std::array<napi_property_descriptor, 4> methods = {
      method("backward", Js_backward),
      method("backwardAsync", Js_backwardAsync),
      method("memoryUsage", Js_memoryUsage), method("dispose", Js_dispose)};
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_define_properties(env, object, methods.size(), methods.data()) !=
          napi_ok ||
      napi_wrap(env, object, made.get(), Finalize, nullptr, nullptr) !=
          napi_ok) {
    return Throw(env, Status(StatusCode::kOutOfMemory,
                             "Node could not make a NativeTape"));
  }
  NativeTape* const kept = made.release();
  napi_type_tag_object(env, object, &kTypeTag);
  ReportMemory(env, kept, bytes);
  return object;
}

}  // namespace cudnn_gru
