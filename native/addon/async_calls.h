#ifndef CUDNN_GRU_ADDON_ASYNC_CALLS_H_
#define CUDNN_GRU_ADDON_ASYNC_CALLS_H_

#include <napi.h>

#include <functional>
#include <memory>
#include <unordered_map>

#include "core/cancellation.h"
#include "core/status.h"

namespace cudnn_gru {

// The asynchronous calls of one environment: hands work to the process-wide
// Executor and settles promises on the JavaScript thread. Used on that thread
// only.
class AsyncCalls {
 public:
  // Computes a call on an executor thread, on up to `threads` threads. It must
  // not touch JavaScript values.
  using Work =
      std::function<Status(int threads, const Cancellation& cancellation)>;

  explicit AsyncCalls(napi_env env);
  // Cancels what runs and returns when no thread uses the environment's
  // buffers any more: at most one time step of each running call later.
  ~AsyncCalls();
  AsyncCalls(const AsyncCalls&) = delete;
  AsyncCalls& operator=(const AsyncCalls&) = delete;

  // Makes what the promise resolves with, on the JavaScript thread.
  using MakeResult = std::function<napi_value(napi_env env)>;

  // Queues `work`, and keeps `buffers` (any object) alive until it has ended.
  // Returns the promise of [milliseconds queued, milliseconds computed], or of
  // what `result` makes, or of a GRUError; null with a pending exception when
  // that cannot be made.
  napi_value Submit(double token, napi_value buffers, Work work,
                    MakeResult result = nullptr);

  // Asks the call to stop, and settles it at once if it has not begun; unknown
  // tokens (already settled) do nothing.
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
  // Shared with executor threads, which may outlive the environment.
  std::shared_ptr<Channel> channel_;
  PendingMap pending_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_ASYNC_CALLS_H_
