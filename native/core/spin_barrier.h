#ifndef CUDNN_GRU_CORE_SPIN_BARRIER_H_
#define CUDNN_GRU_CORE_SPIN_BARRIER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace cudnn_gru {

// A barrier at which `n` threads of one team meet. Waiting threads spin,
// because steps are microseconds apart, and sleep when another thread is late,
// because it may be waiting for a CPU.
class SpinBarrier {
 public:
  explicit SpinBarrier(int n) : n_(n) {}

  // Waits for the other threads. Returns false when the barrier was broken, and
  // the caller must then leave the computation.
  [[nodiscard]] bool Wait();
  // Makes every waiting and every later Wait return false.
  void Break();

 private:
  bool Passed(uint32_t phase) const {
    return phase_.load() != phase || broken_.load();
  }
  void Sleep(uint32_t phase);
  void WakeSleepers();

  const int n_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> phase_{0};
  std::atomic<bool> broken_{false};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable passed_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_SPIN_BARRIER_H_
