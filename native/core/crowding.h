#ifndef CUDNN_GRU_CORE_CROWDING_H_
#define CUDNN_GRU_CORE_CROWDING_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/thread_pool.h"

namespace cudnn_gru {

// Whether other threads keep this process's CPUs busy. Threads that meet at a
// barrier after each step lose a time slice whenever one of them has to wait
// for its CPU, so that for a while calls had better do without barriers.
class Crowding {
 public:
  using Clock = std::chrono::steady_clock;

  // That of the process.
  static Crowding& Get();

  // What a call's barrier saw: it was met `phases` times, and `stalls` waits
  // took longer than partners that run would have let them.
  void Note(uint32_t phases, uint32_t stalls, Clock::time_point now);
  void Note(const SpinBarrier& barrier) {
    Note(barrier.phases(), barrier.stalls(), Clock::now());
  }

  // True for a while after such a call, and the longer the sooner the next one
  // follows.
  bool At(Clock::time_point now) const {
    return now.time_since_epoch().count() <
               until_.load(std::memory_order_relaxed) &&
           !ignored_.load(std::memory_order_relaxed);
  }
  bool Now() const { return At(Clock::now()); }

  // For tests, which want barriers on any machine: from now on never crowded.
  void Ignore() { ignored_.store(true, std::memory_order_relaxed); }

 private:
  std::atomic<Clock::rep> until_{0};
  std::atomic<Clock::rep> pause_{0};
  std::atomic<bool> ignored_{false};
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_CROWDING_H_
