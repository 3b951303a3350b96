#include "core/executor.h"

#include <utility>

#include "core/start_thread.h"
#include "core/thread_pool.h"
#include "core/thread_priority.h"

namespace cudnn_gru {

Executor& Executor::Get() {
  static Executor* const executor = new Executor();
  return *executor;
}

bool Executor::Submit(Job job, std::function<void()> ended) {
  std::lock_guard<std::mutex> lock(mutex_);
  const int jobs = running_ + static_cast<int>(queue_.size());
  if (workers_ <= jobs && workers_ < ThreadPool::Get().threads()) {
    if (StartThread([this] { WorkerLoop(); })) {
      ++workers_;
    } else if (workers_ == 0) {
      return false;
    }
  }
  queue_.push_back({std::move(job), std::move(ended)});
  wake_.notify_one();
  return true;
}

int Executor::jobs() {
  std::lock_guard<std::mutex> lock(mutex_);
  return running_ + static_cast<int>(queue_.size());
}

void Executor::WorkerLoop() {
  GiveWay();
  for (;;) {
    Entry entry;
    int threads = 1;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      // After the number of threads was lowered, the surplus workers stay
      // asleep.
      wake_.wait(lock, [this] {
        return !queue_.empty() && running_ < ThreadPool::Get().threads();
      });
      entry = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
      if (running_ == 1 && queue_.empty()) {
        threads = ThreadPool::Get().threads();
      }
    }
    entry.job(threads);
    // The job may own buffers, which must be freed before it counts as ended.
    entry.job = nullptr;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      --running_;
      wake_.notify_one();
    }
    if (entry.ended) entry.ended();
  }
}

}  // namespace cudnn_gru
