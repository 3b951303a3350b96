#ifndef CUDNN_GRU_ADDON_FORWARD_CALL_H_
#define CUDNN_GRU_ADDON_FORWARD_CALL_H_

#include <napi.h>

#include <memory>
#include <utility>

#include "addon/addon_data.h"
#include "addon/call_arguments.h"
#include "addon/errors.h"
#include "core/gru_backend.h"
#include "core/status.h"
#include "core/thread_pool.h"

namespace cudnn_gru {

// A forward call of a layer or of a stack, with everything that it needs. It
// may outlive the JavaScript object. Computer has the methods Forward and
// ForwardKeepingPass of GruBackend, for a Call and a Pass of its own.
template <typename Computer, typename Call, typename Pass>
struct ForwardCall {
  std::shared_ptr<Computer> computer;
  Call call;
  Tf32 tf32 = Tf32::kForbidden;
  StepSelection steps;         // that `call` points to
  std::unique_ptr<Pass> pass;  // that RunKeepingPass has made

  Status Run(int threads, const Cancellation* cancellation) const {
    return computer->Forward(call, {threads, cancellation, tf32});
  }
  Status RunKeepingPass(int threads, const Cancellation* cancellation) {
    if (call.output_is_bits) {
      return Status(StatusCode::kDtype,
                    "Expected a Float32Array for the native argument `output` "
                    "of a pass but received a Uint16Array.");
    }
    return computer->ForwardKeepingPass(call, {threads, cancellation, tf32},
                                        &pass);
  }

  // Makes the JavaScript object of a pass, or returns null with a pending
  // exception.
  using MakePass = napi_value (*)(napi_env env, std::unique_ptr<Pass> pass);
};

// The functions below return the result of a method of JavaScript, or null with
// a pending exception. `status` is that of reading the arguments of `call`.

// Computes on this thread and the pool's threads.
template <typename Call>
napi_value CallNow(napi_env env, Status status, const Call& call) {
  if (status.ok()) status = call.Run(ThreadPool::Get().threads(), nullptr);
  return status.ok() ? nullptr : Throw(env, status);
}

// Does the same, and returns a pass.
template <typename Call>
napi_value ForwardNow(napi_env env, Status status, Call* call,
                      typename Call::MakePass make) {
  if (status.ok()) {
    status = call->RunKeepingPass(ThreadPool::Get().threads(), nullptr);
  }
  return status.ok() ? make(env, std::move(call->pass)) : Throw(env, status);
}

// An asynchronous call, which lives until its promise settles.
template <typename Call>
struct AsyncCall {
  double token = 0;
  Call call;
};

// Computes on the executor's threads. `buffers` keeps the arrays of the call.
template <typename Call>
napi_value SubmitCall(napi_env env,
                      const std::shared_ptr<AsyncCall<Call>>& async,
                      napi_value buffers) {
  return AddonData::Get(env)->async_calls.Submit(
      async->token, buffers,
      [async](int threads, const Cancellation& cancellation) {
        return async->call.Run(threads, &cancellation);
      });
}

// Does the same, and resolves with a pass, which an executor thread makes and
// the JavaScript thread takes.
template <typename Call>
napi_value SubmitForward(napi_env env,
                         const std::shared_ptr<AsyncCall<Call>>& async,
                         napi_value buffers, typename Call::MakePass make) {
  return AddonData::Get(env)->async_calls.Submit(
      async->token, buffers,
      [async](int threads, const Cancellation& cancellation) {
        return async->call.RunKeepingPass(threads, &cancellation);
      },
      [async, make](napi_env settling) {
        return make(settling, std::move(async->call.pass));
      });
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_FORWARD_CALL_H_
