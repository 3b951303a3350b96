#ifndef CUDNN_GRU_CORE_THREAD_POOL_H_
#define CUDNN_GRU_CORE_THREAD_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace cudnn_gru {

// A team of threads that computes one call together. Process-wide; the helpers
// are detached and the pool is never destroyed, because process exit runs
// static destructors while helpers may still compute.
class ThreadPool {
 public:
  static ThreadPool& Get();

  // Threads a call may use, the caller's included. Starts as the usable CPUs or
  // CUDNN_GRU_THREADS.
  int threads() const { return threads_.load(std::memory_order_relaxed); }
  void set_threads(int threads) {
    threads_.store(threads, std::memory_order_relaxed);
  }

  // Runs body(0) .. body(n - 1), each on a thread of its own at the same time
  // (bodies may meet at a barrier), body(0) on the caller, and returns when all
  // have. Returns false, having run nothing, when another call has the team or
  // a thread cannot be started; the caller then computes alone.
  [[nodiscard]] bool TryRun(int n, const std::function<void(int)>& body);

 private:
  ThreadPool();
  bool GrowTo(int helpers);
  void HelperLoop(int index, uint64_t seen);

  std::atomic<int> threads_;
  std::mutex team_mutex_;  // held by the call that has the team

  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  // Valid while a generation runs.
  const std::function<void(int)>* body_ = nullptr;
  int size_ = 0;
  std::atomic<int> unfinished_{0};
  int helpers_ = 0;
};

// Where `n` threads of one team meet. Spins, since steps are microseconds
// apart, and yields when the others seem not to be running.
class SpinBarrier {
 public:
  explicit SpinBarrier(int n) : n_(n) {}

  // False when the barrier was broken: the caller must leave the computation.
  [[nodiscard]] bool Wait();
  // Makes this and every later Wait of any thread return false.
  void Break() { broken_.store(true, std::memory_order_release); }

  // How often all have met, and how many waits were so long that a partner
  // seemed not to be running.
  uint32_t phases() const { return phase_.load(std::memory_order_relaxed); }
  uint32_t stalls() const { return stalls_.load(std::memory_order_relaxed); }

 private:
  const int n_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> phase_{0};
  std::atomic<bool> broken_{false};
  std::atomic<uint32_t> stalls_{0};
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_THREAD_POOL_H_
