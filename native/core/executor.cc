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

// Lets event loops go first where the calls keep every CPU busy: a waking
// thread of equal priority may have to wait for the end of a time slice.
void GiveWay() {
#if defined(__linux__)
  // Linux has nice values by thread, whatever POSIX says: 0 is this one.
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
  const int busy = running_ + static_cast<int>(queue_.size());
  if (workers_ <= busy && workers_ < ThreadPool::Get().threads()) {
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

void Executor::WorkerLoop() {
  GiveWay();
  for (;;) {
    Entry entry;
    bool alone = false;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      // Workers that a lower setting has made too many stay asleep.
      wake_.wait(lock, [this] {
        return !queue_.empty() && running_ < ThreadPool::Get().threads();
      });
      entry = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
      alone = running_ == 1 && queue_.empty();
    }
    entry.job(alone);
    // The job may own buffers: they are freed before it counts as ended.
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
