#include "core/thread_pool.h"

#include "core/environment.h"
#include "core/spin_wait.h"
#include "core/start_thread.h"
#include "core/usable_cpus.h"

namespace cudnn_gru {
namespace {

// Helpers spin for about 50 microseconds before they sleep. That is longer than
// the gap between two calls of a loop, and too short to heat an idle machine.
constexpr int kHelperSpins = 1000;

}  // namespace

ThreadPool& ThreadPool::Get() {
  static ThreadPool* const pool = new ThreadPool();
  return *pool;
}

ThreadPool::ThreadPool() : threads_(ThreadsFromEnvironment(UsableCpus())) {}

bool ThreadPool::GrowTo(int helpers) {
  while (helpers_ < helpers) {
    const int index = helpers_ + 1;
    const uint64_t seen = generation_.load(std::memory_order_relaxed);
    if (!StartThread([this, index, seen] { HelperLoop(index, seen); })) {
      return false;
    }
    ++helpers_;
  }
  return true;
}

void ThreadPool::HelperLoop(int index, uint64_t seen) {
  for (;;) {
    int spins = 0;
    while (generation_.load(std::memory_order_acquire) == seen &&
           spins < kHelperSpins) {
      Relax();
      ++spins;
    }
    const std::function<void(int)>* body = nullptr;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] {
        return generation_.load(std::memory_order_relaxed) != seen;
      });
      seen = generation_.load(std::memory_order_relaxed);
      if (index < size_) {
        body = body_;
        if (begin_ == Begin::kWhoever) {
          unfinished_.fetch_add(1, std::memory_order_relaxed);
        }
      }
    }
    if (body == nullptr) continue;
    (*body)(index);
    unfinished_.fetch_sub(1, std::memory_order_acq_rel);
  }
}

bool ThreadPool::TryRun(int n, const std::function<void(int)>& body) {
  return Run(n, body, Begin::kAll);
}

bool ThreadPool::TryRunWithHelp(int n, const std::function<void(int)>& body) {
  return Run(n, body, Begin::kWhoever);
}

bool ThreadPool::Run(int n, const std::function<void(int)>& body, Begin begin) {
  std::unique_lock<std::mutex> team(team_mutex_, std::try_to_lock);
  if (!team.owns_lock() || !GrowTo(n - 1)) return false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    body_ = &body;
    size_ = n;
    begin_ = begin;
    unfinished_.store(begin == Begin::kAll ? n - 1 : 0,
                      std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  body(0);
  if (begin == Begin::kWhoever) {
    std::lock_guard<std::mutex> lock(mutex_);
    size_ = 0;
  }
  SpinWait wait;
  while (unfinished_.load(std::memory_order_acquire) != 0) wait.Pause();
  return true;
}

}  // namespace cudnn_gru
