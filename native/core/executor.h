#ifndef CUDNN_GRU_CORE_EXECUTOR_H_
#define CUDNN_GRU_CORE_EXECUTOR_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace cudnn_gru {

// Runs asynchronous calls on threads of its own, not libuv's, which give way to
// others: as many at a time as ThreadPool::threads(). Process-wide and never
// destroyed, for the reason ThreadPool gives.
class Executor {
 public:
  static Executor& Get();

  // `alone` tells the job that no other one was running or waiting when it
  // started, so that it may use every thread.
  using Job = std::function<void(bool alone)>;

  // Queues `job`, first come first served. `ended` is called on the job's
  // thread when the job and what it owned are gone and it no longer counts as
  // running: a job submitted in answer may be alone. False when no thread could
  // be started.
  [[nodiscard]] bool Submit(Job job, std::function<void()> ended = nullptr);

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
