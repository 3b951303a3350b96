#include "core/executor.h"

#if defined(__linux__)
#include <sys/resource.h>
#endif

#include <system_error>
#include <thread>
#include <utility>

#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

// Makes this thread give way to event loops. A thread of equal priority that
// wakes up may have to wait until the time slices of running calls end.
void GiveWay() {
#if defined(__linux__)
  // POSIX has one nice value for the whole process, but Linux has one for each
  // thread, and 0 means the calling thread.
  constexpr int kNicer = 10;
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kNicer);
#endif
}

}  // namespace

Executor& Executor::Get() {
  static Executor* const executor = new Executor();
  return *executor;
}

bool Executor::Submit(Job job, std::function<void()> ended) {
  std::lock_guard<std::mutex> lock(mutex_);
  const int jobs = running_ + static_cast<int>(queue_.size());
  if (workers_ <= jobs && workers_ < ThreadPool::Get().threads()) {
    try {
      std::thread(&Executor::WorkerLoop, this).detach();
      ++workers_;
    } catch (const std::system_error&) {
      if (workers_ == 0) return false;
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
