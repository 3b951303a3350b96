#include "addon/native_stack_pass.h"

#include <array>
#include <cstdint>
#include <utility>

#include "addon/addon_data.h"
#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/pass_holder.h"
#include "addon/stack_arguments.h"
#include "addon/wrapped_object.h"
#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

using Holder = PassHolder<GruStackPass>;

struct NativeStackPass {
  std::shared_ptr<Holder> holder;
  int64_t reported = 0;  // the bytes that V8 knows of
  bool disposed = false;
};

// Marks our objects, as in native_gru.cc.
constexpr napi_type_tag kTypeTag = {0x2f7ac8135be94d60ULL,
                                    0xa3d50e916c2b48f7ULL};

NativeStackPass* Unwrap(napi_env env, napi_value self) {
  return static_cast<NativeStackPass*>(
      UnwrapObject(env, self, kTypeTag, "NativeStackPass"));
}

// Tells V8 how much memory is freed with the object.
void ReportMemory(napi_env env, NativeStackPass* pass, size_t bytes) {
  int64_t total = 0;
  const int64_t now = static_cast<int64_t>(bytes);
  napi_adjust_external_memory(env, now - pass->reported, &total);
  pass->reported = now;
}

void Finalize(napi_env env, void* object, void*) {
  NativeStackPass* const pass = static_cast<NativeStackPass*>(object);
  ReportMemory(env, pass, 0);
  delete pass;
}

// Takes the pass for the call, and reads the arguments that belong to it.
Status Prepare(const StackArguments& arguments, const NativeStackPass& pass,
               StackGradients* gradients,
               std::shared_ptr<GruStackPass>* taken) {
  if (pass.disposed) {
    return Status(StatusCode::kDisposed, "The pass is disposed.");
  }
  Status status = pass.holder->Take(taken);
  if (!status.ok()) return status;
  status = ReadStackGradients(arguments, **taken, gradients);
  if (!status.ok()) {
    *taken = nullptr;
    pass.holder->GiveBack();
  }
  return status;
}

napi_value Js_backward(napi_env env, napi_callback_info info) {
  const StackArguments arguments(env, info, SignatureOf("stackBackward"),
                                 SignatureOf("stackHalfGradients"));
  NativeStackPass* const pass = Unwrap(env, arguments.self());
  if (pass == nullptr) return nullptr;
  StackGradients gradients;
  std::shared_ptr<GruStackPass> taken;
  Status status = Prepare(arguments, *pass, &gradients, &taken);
  if (!status.ok()) return Throw(env, status);
  status = taken->Backward(gradients, ThreadPool::Get().threads(), nullptr);
  taken = nullptr;
  pass->holder->GiveBack();
  ReportMemory(env, pass, pass->holder->bytes());
  return status.ok() ? nullptr : Throw(env, status);
}

napi_value Js_backwardAsync(napi_env env, napi_callback_info info) {
  StackArguments arguments(env, info, SignatureOf("stackBackwardAsync"),
                           SignatureOf("stackHalfGradients"));
  const NativeStackPass* const pass = Unwrap(env, arguments.self());
  if (pass == nullptr) return nullptr;
  double token = 0;
  Status status = ReadDouble(arguments.TakeFirst(), &token);
  StackGradients gradients;
  std::shared_ptr<GruStackPass> taken;
  if (status.ok()) status = Prepare(arguments, *pass, &gradients, &taken);
  if (!status.ok()) return Throw(env, status);
  const std::shared_ptr<GruStackPass> lent =
      Holder::LendTo(std::move(taken), pass->holder);
  return AddonData::Get(env)->async_calls.Submit(
      token, arguments.All(),
      [lent, gradients](int threads, const Cancellation& cancellation) {
        return lent->Backward(gradients, threads, &cancellation);
      });
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  const NativeStackPass* const pass = Unwrap(env, ThisOf(env, info));
  if (pass == nullptr) return nullptr;
  napi_value bytes = nullptr;
  napi_create_double(env, static_cast<double>(pass->holder->bytes()), &bytes);
  return bytes;
}

// A running call keeps the pass alive.
napi_value Js_dispose(napi_env env, napi_callback_info info) {
  NativeStackPass* const pass = Unwrap(env, ThisOf(env, info));
  if (pass == nullptr) return nullptr;
  pass->disposed = true;
  pass->holder->Drop();
  ReportMemory(env, pass, 0);
  return nullptr;
}

}  // namespace

napi_value MakeNativeStackPass(napi_env env,
                               std::unique_ptr<GruStackPass> pass) {
  auto made = std::make_unique<NativeStackPass>();
  const size_t bytes = pass->bytes();
  made->holder = std::make_shared<Holder>(std::move(pass));
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
                             "Node could not make a NativeStackPass."));
  }
  NativeStackPass* const kept = made.release();
  napi_type_tag_object(env, object, &kTypeTag);
  ReportMemory(env, kept, bytes);
  return object;
}

}  // namespace cudnn_gru
