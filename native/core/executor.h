#ifndef CUDNN_GRU_CORE_EXECUTOR_H_
#define CUDNN_GRU_CORE_EXECUTOR_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace cudnn_gru {

// Runs asynchronous calls on threads of its own, and not on those of libuv, as
// many calls at a time as ThreadPool::threads(). They give way
// (thread_priority.h), so the event loop gets the CPU first, even when calls
// keep every core busy. There is one executor in the process, which is never
// destroyed, for the reason that thread_pool.h gives.
class Executor {
 public:
  static Executor& Get();

  // A job may compute on up to `threads` threads: on all of the thread pool
  // when no other job was running or waiting as it started, else on its own
  // alone.
  using Job = std::function<void(int threads)>;

  // Queues `job`. Jobs start in the order of their submission. `ended` is
  // called on the job's thread when the job has been destroyed, with everything
  // that it owned, and no longer counts as running. So a job that is submitted
  // in response to `ended` can have all threads. Returns false when no thread
  // could be started.
  [[nodiscard]] bool Submit(Job job, std::function<void()> ended = nullptr);

  // Returns the number of jobs that run or wait at this moment.
  int jobs();

 private:
  struct Entry {
    Job job;
    std::function<void()> ended;
  };

  Executor() = default;
  void WorkerLoop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> queue_;
  int workers_ = 0;
  int running_ = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_EXECUTOR_H_
