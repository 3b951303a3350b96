#include "addon/async_calls.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include "addon/errors.h"
#include "core/executor.h"

namespace cudnn_gru {

struct AsyncCalls::Task {
  using Clock = std::chrono::steady_clock;

  double token = 0;
  Work work;
  MakeResult result;
  Cancellation cancellation;
  Status status;
  // The thread that sets this owns the task: an executor thread, which then
  // runs it, or the JavaScript thread, which drops it.
  std::atomic<bool> taken{false};
  bool began = false;  // only the executor thread that runs it uses this
  const Clock::time_point submitted = Clock::now();
  Clock::time_point started = submitted;
  Clock::time_point ended = submitted;
};

// Executor threads report ended tasks through this. They read `open` and the
// threadsafe function under the mutex, so that no thread calls the function
// after the environment has begun to end.
struct AsyncCalls::Channel {
  std::mutex mutex;
  std::condition_variable idle;
  bool open = false;
  int running = 0;
  napi_threadsafe_function settle = nullptr;
  std::deque<std::shared_ptr<Task>> ended;

  // Returns false when the environment is ending. The task must not run then,
  // because its buffers may be gone.
  bool Begin() {
    std::lock_guard<std::mutex> lock(mutex);
    if (!open) return false;
    ++running;
    return true;
  }

  void End(std::shared_ptr<Task> task) {
    std::lock_guard<std::mutex> lock(mutex);
    --running;
    if (open) {
      ended.push_back(std::move(task));
      napi_call_threadsafe_function(settle, nullptr, napi_tsfn_nonblocking);
    }
    idle.notify_all();
  }
};

AsyncCalls::AsyncCalls(napi_env env)
    : env_(env), channel_(std::make_shared<Channel>()) {}

AsyncCalls::~AsyncCalls() { Close(); }

// Cleanup hooks run in the reverse order of their registration. The threadsafe
// function registered its own before this one, so this one runs first.
void AsyncCalls::Cleanup(void* self) {
  static_cast<AsyncCalls*>(self)->Close();
}

void AsyncCalls::Close() {
  for (auto& [token, pending] : pending_) pending.task->cancellation.Request();
  std::unique_lock<std::mutex> lock(channel_->mutex);
  channel_->open = false;
  channel_->idle.wait(lock, [this] { return channel_->running == 0; });
}

Status AsyncCalls::Open() {
  std::lock_guard<std::mutex> lock(channel_->mutex);
  if (channel_->settle != nullptr) return Status();
  napi_value name = nullptr;
  napi_create_string_utf8(env_, "cudnn-gru callAsync", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1,
                                      nullptr, nullptr, this, CallJs,
                                      &channel_->settle) != napi_ok) {
    return Status(StatusCode::kOutOfMemory,
                  "Node could not make a threadsafe function for callAsync.");
  }
  napi_unref_threadsafe_function(env_, channel_->settle);
  napi_add_env_cleanup_hook(env_, Cleanup, this);
  channel_->open = true;
  return Status();
}

napi_value AsyncCalls::Submit(double token, napi_value buffers, Work work,
                              MakeResult result) {
  // NaN is equal to no number, so a call with this token would never be found.
  if (std::isnan(token) || pending_.count(token) != 0) {
    return Throw(env_, Status(StatusCode::kArgument,
                              "Expected an unused number for `token`."));
  }
  const Status opened = Open();
  if (!opened.ok()) return Throw(env_, opened);
  auto task = std::make_shared<Task>();
  task->token = token;
  task->work = std::move(work);
  task->result = std::move(result);
  Pending pending{task, nullptr, nullptr};
  napi_value promise = nullptr;
  if (napi_create_promise(env_, &pending.deferred, &promise) != napi_ok ||
      napi_create_reference(env_, buffers, 1, &pending.buffers) != napi_ok) {
    return Throw(env_, Status(StatusCode::kOutOfMemory,
                              "Node could not make a promise for callAsync."));
  }
  // Keeps the environment alive while calls are in flight.
  if (pending_.empty()) napi_ref_threadsafe_function(env_, channel_->settle);
  pending_.emplace(token, pending);
  auto job = [task, channel = channel_](int threads) {
    if (task->taken.exchange(true) || !channel->Begin()) return;
    task->began = true;
    task->started = Task::Clock::now();
    task->status = task->work(threads, task->cancellation);
    task->ended = Task::Clock::now();
    // Frees weights that only this call still held now, and not when the
    // promise settles.
    task->work = nullptr;
  };
  auto ended = [task, channel = channel_] {
    if (task->began) channel->End(task);
  };
  if (!Executor::Get().Submit(std::move(job), std::move(ended))) {
    task->status = Status(StatusCode::kOutOfMemory,
                          "The system could not start a thread for callAsync.");
    task->taken.store(true);
    channel_->Begin();
    channel_->End(task);
  }
  return promise;
}

void AsyncCalls::Cancel(double token) {
  const auto found = pending_.find(token);
  if (found == pending_.end()) return;
  const std::shared_ptr<Task> task = found->second.task;
  task->cancellation.Request();
  // A call that has not begun can settle at once.
  if (!task->taken.exchange(true)) {
    task->status = Aborted();
    task->work = nullptr;
    Settle(found);
  }
}

void AsyncCalls::CallJs(napi_env env, napi_value, void* context, void*) {
  // `env` is null when the environment is ending. Close has done its work then.
  if (env != nullptr) static_cast<AsyncCalls*>(context)->SettleAll();
}

void AsyncCalls::SettleAll() {
  std::deque<std::shared_ptr<Task>> ended;
  {
    std::lock_guard<std::mutex> lock(channel_->mutex);
    ended.swap(channel_->ended);
  }
  for (const std::shared_ptr<Task>& task : ended) {
    Settle(pending_.find(task->token));
  }
}

void AsyncCalls::Settle(PendingMap::iterator entry) {
  const Pending pending = entry->second;
  pending_.erase(entry);
  if (pending_.empty()) napi_unref_threadsafe_function(env_, channel_->settle);
  napi_delete_reference(env_, pending.buffers);
  const Task& task = *pending.task;
  if (!task.status.ok()) {
    napi_reject_deferred(env_, pending.deferred, MakeError(env_, task.status));
    return;
  }
  napi_value settled = nullptr;
  napi_create_array(env_, &settled);
  uint32_t length = 0;
  if (task.result != nullptr) {
    const napi_value result = task.result(env_);
    if (result == nullptr) {
      napi_value error = nullptr;
      napi_get_and_clear_last_exception(env_, &error);
      napi_reject_deferred(env_, pending.deferred, error);
      return;
    }
    napi_set_element(env_, settled, length++, result);
  }
  for (const Task::Clock::duration duration :
       {task.started - task.submitted, task.ended - task.started}) {
    napi_value milliseconds = nullptr;
    napi_create_double(
        env_, std::chrono::duration<double, std::milli>(duration).count(),
        &milliseconds);
    napi_set_element(env_, settled, length++, milliseconds);
  }
  napi_resolve_deferred(env_, pending.deferred, settled);
}

}  // namespace cudnn_gru
