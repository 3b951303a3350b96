#ifndef CUDNN_GRU_CORE_CONTENTION_H_
#define CUDNN_GRU_CORE_CONTENTION_H_

#include <atomic>
#include <chrono>
#include <mutex>

#include "core/thread_pool.h"

namespace cudnn_gru {

// Tells whether other threads keep this process's CPUs busy. When threads meet
// at a barrier after each time step, one thread that must wait for its CPU
// makes all of them lose a time slice. While that happens, calls are better
// divided in a way that needs no barriers, or not at all.
class Contention {
 public:
  using Clock = SpinBarrier::Clock;

  // Returns the one object of the process.
  static Contention& Get();

  // Takes note of calls that `threads` threads computed together. They took
  // `took`, of which `lost` was waiting for a thread that seemed not to be
  // running. One thread alone would have needed about the rest of the time
  // once for each thread. If that is less than `took`, for calls of a few
  // milliseconds together, then there is contention.
  void Note(int threads, Clock::duration took, Clock::duration lost,
            Clock::time_point now);
  // Takes note of the call whose threads have met at `barrier`.
  void Note(const SpinBarrier& barrier);

  // Returns true during a cool-down after contended calls. Each cool-down is
  // longer than the one before, until calls turn out not to be contended.
  bool At(Clock::time_point now) const {
    return now.time_since_epoch().count() <
               until_.load(std::memory_order_relaxed) &&
           !ignored_.load(std::memory_order_relaxed);
  }
  bool Now() const { return At(Clock::now()); }

  // Makes At return false from now on, for tests that need barriers on any
  // machine.
  void Ignore() { ignored_.store(true, std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  // Of the calls that are not judged yet; protected by the mutex.
  Clock::duration took_{0};
  Clock::duration alone_{0};  // what one thread would have needed
  Clock::duration cooldown_{0};

  std::atomic<Clock::rep> until_{0};
  std::atomic<bool> ignored_{false};
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_CONTENTION_H_
