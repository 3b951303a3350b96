#ifndef CUDNN_GRU_ADDON_PASS_OBJECT_H_
#define CUDNN_GRU_ADDON_PASS_OBJECT_H_

#include <napi.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "addon/addon_data.h"
#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/pass_holder.h"
#include "addon/wrapped_object.h"
#include "core/thread_pool.h"

namespace cudnn_gru {

// The JavaScript object of a pass, with the methods that every pass has. Kind
// says what one kind of pass is:
//
//   struct Kind {
//     using Pass;       // GruPass or GruStackPass
//     using Gradients;  // what Pass::Backward takes
//     using Arguments;  // of its `backward`
//     static constexpr char kName[];         // of the objects
//     static constexpr napi_type_tag kTag;   // marks them
//     static Arguments Read(napi_env, napi_callback_info);
//     static Arguments ReadAsync(napi_env, napi_callback_info);
//     static Status ReadGradients(const Arguments&, const Pass&, Gradients*);
//     // Computes on this thread.
//     static Status BackwardNow(const Arguments&, Pass*, Gradients*, int
//     threads);
//     // Returns an object that keeps the arrays of the gradients.
//     static napi_value Buffers(const Arguments&);
//   };
template <typename Kind>
class PassObject {
 public:
  using Pass = typename Kind::Pass;

  // Makes an object that owns `pass`. Returns null with a pending exception on
  // failure.
  static napi_value Make(napi_env env, std::unique_ptr<Pass> pass) {
    auto made = std::make_unique<PassObject>();
    const size_t bytes = pass->bytes();
    made->holder_ = std::make_shared<Holder>(std::move(pass));
    const std::array<napi_property_descriptor, 4> methods = {
        Method("backward", Js_backward),
        Method("backwardAsync", Js_backwardAsync),
        Method("memoryUsage", Js_memoryUsage), Method("dispose", Js_dispose)};
    napi_value object = nullptr;
    if (napi_create_object(env, &object) != napi_ok ||
        napi_define_properties(env, object, methods.size(), methods.data()) !=
            napi_ok) {
      return Throw(env, NoObject(Kind::kName));
    }
    PassObject* const kept = made.get();
    object = WrapObject(env, object, Kind::kTag, Kind::kName, std::move(made),
                        Finalize);
    if (object != nullptr) kept->ReportMemory(env, bytes);
    return object;
  }

 private:
  using Gradients = typename Kind::Gradients;
  using Holder = PassHolder<Pass>;

  static PassObject* Unwrap(napi_env env, napi_value self) {
    return static_cast<PassObject*>(
        UnwrapObject(env, self, Kind::kTag, Kind::kName));
  }

  static void Finalize(napi_env env, void* object, void*) {
    PassObject* const pass = static_cast<PassObject*>(object);
    pass->ReportMemory(env, 0);
    delete pass;
  }

  // Tells V8 how much memory is freed with the object.
  void ReportMemory(napi_env env, size_t bytes) {
    int64_t total = 0;
    const int64_t now = static_cast<int64_t>(bytes);
    napi_adjust_external_memory(env, now - reported_, &total);
    reported_ = now;
  }

  // Takes the pass for a call, and reads the arguments that belong to it.
  Status Prepare(const typename Kind::Arguments& arguments,
                 Gradients* gradients, std::shared_ptr<Pass>* taken) const {
    if (disposed_) {
      return Status(StatusCode::kDisposed, "The pass is disposed.");
    }
    Status status = holder_->Take(taken);
    if (!status.ok()) return status;
    status = Kind::ReadGradients(arguments, **taken, gradients);
    if (!status.ok()) {
      *taken = nullptr;
      holder_->GiveBack();
    }
    return status;
  }

  static napi_value Js_backward(napi_env env, napi_callback_info info) {
    const typename Kind::Arguments arguments = Kind::Read(env, info);
    PassObject* const pass = Unwrap(env, arguments.self());
    if (pass == nullptr) return nullptr;
    Gradients gradients;
    std::shared_ptr<Pass> taken;
    Status status = pass->Prepare(arguments, &gradients, &taken);
    if (!status.ok()) return Throw(env, status);
    status = Kind::BackwardNow(arguments, taken.get(), &gradients,
                               ThreadPool::Get().threads());
    taken = nullptr;
    pass->holder_->GiveBack();
    pass->ReportMemory(env, pass->holder_->bytes());
    return status.ok() ? nullptr : Throw(env, status);
  }

  static napi_value Js_backwardAsync(napi_env env, napi_callback_info info) {
    typename Kind::Arguments arguments = Kind::ReadAsync(env, info);
    const PassObject* const pass = Unwrap(env, arguments.self());
    if (pass == nullptr) return nullptr;
    double token = 0;
    Status status = ReadDouble(arguments.TakeFirst(), &token);
    Gradients gradients;
    std::shared_ptr<Pass> taken;
    if (status.ok()) status = pass->Prepare(arguments, &gradients, &taken);
    if (!status.ok()) return Throw(env, status);
    const std::shared_ptr<Pass> lent =
        Holder::LendTo(std::move(taken), pass->holder_);
    return AddonData::Get(env)->async_calls.Submit(
        token, Kind::Buffers(arguments),
        [lent, gradients](int threads, const Cancellation& cancellation) {
          return lent->Backward(gradients, threads, &cancellation);
        });
  }

  static napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
    const PassObject* const pass = Unwrap(env, ThisOf(env, info));
    if (pass == nullptr) return nullptr;
    napi_value bytes = nullptr;
    napi_create_double(env, static_cast<double>(pass->holder_->bytes()),
                       &bytes);
    return bytes;
  }

  // A running call keeps the pass alive.
  static napi_value Js_dispose(napi_env env, napi_callback_info info) {
    PassObject* const pass = Unwrap(env, ThisOf(env, info));
    if (pass == nullptr) return nullptr;
    pass->disposed_ = true;
    pass->holder_->Drop();
    pass->ReportMemory(env, 0);
    return nullptr;
  }

  std::shared_ptr<Holder> holder_;
  int64_t reported_ = 0;  // the bytes that V8 knows of
  bool disposed_ = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_PASS_OBJECT_H_
