#ifndef CUDNN_GRU_ADDON_ASYNC_CALLS_H_
#define CUDNN_GRU_ADDON_ASYNC_CALLS_H_

#include <napi.h>

#include <functional>
#include <memory>
#include <unordered_map>

#include "core/cancellation.h"
#include "core/status.h"

namespace cudnn_gru {

// The asynchronous calls of one environment. It gives work to the Executor of
// the process and settles promises. All methods must be called on the
// JavaScript thread.
class AsyncCalls {
 public:
  // Computes a call on an executor thread, on up to `threads` threads. It must
  // not touch JavaScript values.
  using Work =
      std::function<Status(int threads, const Cancellation& cancellation)>;

  explicit AsyncCalls(napi_env env);
  // Cancels the running calls and waits until no thread uses the environment's
  // buffers any more, which takes them at most one time step.
  ~AsyncCalls();
  AsyncCalls(const AsyncCalls&) = delete;
  AsyncCalls& operator=(const AsyncCalls&) = delete;

  // Makes the result of a call, on the JavaScript thread. Returns null with a
  // pending exception on failure.
  using MakeResult = std::function<napi_value(napi_env env)>;

  // Queues `work`, and keeps `buffers` (any object) alive until the work has
  // ended. Returns a promise. It resolves with [milliseconds queued,
  // milliseconds computed], and with the value that `result` makes in front of
  // them when there is a `result`. It rejects with a GRUError, or with the
  // exception of `result`. Returns null with a pending exception when no
  // promise can be made.
  napi_value Submit(double token, napi_value buffers, Work work,
                    MakeResult result = nullptr);

  // Asks the call to stop. A call that has not begun settles at once. Does
  // nothing for an unknown token, which may be that of a settled call.
  void Cancel(double token);

 private:
  struct Task;
  struct Channel;
  struct Pending {
    std::shared_ptr<Task> task;
    napi_deferred deferred;
    napi_ref buffers;
  };

  using PendingMap = std::unordered_map<double, Pending>;

  static void CallJs(napi_env env, napi_value, void* context, void*);
  static void Cleanup(void* self);
  Status Open();
  void Close();
  void SettleAll();
  void Settle(PendingMap::iterator entry);

  const napi_env env_;
  // Executor threads share it, because they may outlive the environment.
  std::shared_ptr<Channel> channel_;
  PendingMap pending_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_ASYNC_CALLS_H_
