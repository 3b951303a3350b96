#include "core/spin_barrier.h"

#include "core/spin_wait.h"

namespace cudnn_gru {

// Hazard: a thread that goes to sleep counts itself and then looks at the
// phase. The thread that ends the phase does so and then looks at the count.
// Both orders must be sequentially consistent, or a sleeper could be missed.
void SpinBarrier::Sleep(uint32_t phase) {
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1);
  passed_.wait(lock, [&] { return Passed(phase); });
  sleepers_.fetch_sub(1);
}

void SpinBarrier::WakeSleepers() {
  if (sleepers_.load() == 0) return;
  // A thread between its look at the phase and its sleep holds the mutex.
  {
    const std::lock_guard<std::mutex> lock(mutex_);
  }
  passed_.notify_all();
}

bool SpinBarrier::Wait() {
  const uint32_t phase = phase_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == n_) {
    arrived_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1);
    WakeSleepers();
  } else {
    SpinWait wait;
    while (!Passed(phase)) {
      if (wait.Spin()) continue;
      Sleep(phase);
      break;
    }
  }
  return !broken_.load(std::memory_order_acquire);
}

void SpinBarrier::Break() {
  broken_.store(true);
  WakeSleepers();
}

}  // namespace cudnn_gru
