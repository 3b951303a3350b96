#ifndef CUDNN_GRU_CORE_CONTENTION_H_
#define CUDNN_GRU_CORE_CONTENTION_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/thread_pool.h"

namespace cudnn_gru {

// Tells whether other threads keep this process's CPUs busy. When threads meet
// at a barrier after each time step, one thread that must wait for its CPU
// makes all of them lose a time slice. While that happens, calls are better
// divided in a way that needs no barriers.
class Contention {
 public:
  using Clock = std::chrono::steady_clock;

  // Returns the one object of the process.
  static Contention& Get();

  // Takes note of what the barrier of a call saw: the threads met `phases`
  // times, and `stalls` waits took longer than they would have if every thread
  // had been running.
  void Note(uint32_t phases, uint32_t stalls, Clock::time_point now);
  void Note(const SpinBarrier& barrier) {
    Note(barrier.phases(), barrier.stalls(), Clock::now());
  }

  // Returns true during a cool-down after a contended call. The cool-down grows
  // when contended calls follow each other closely.
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
  std::atomic<Clock::rep> until_{0};
  std::atomic<Clock::rep> cooldown_{0};
  std::atomic<bool> ignored_{false};
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_CONTENTION_H_
