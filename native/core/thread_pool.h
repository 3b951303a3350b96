#ifndef CUDNN_GRU_CORE_THREAD_POOL_H_
#define CUDNN_GRU_CORE_THREAD_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace cudnn_gru {

// A team of threads that compute one call together. There is one in the
// process. Its helper threads are detached and it is never destroyed, because a
// process that exits runs static destructors while helpers may still compute.
class ThreadPool {
 public:
  static ThreadPool& Get();

  // The number of threads that a call may use, including the calling thread. At
  // first it is CUDNN_GRU_THREADS, or else the number of usable CPUs.
  int threads() const { return threads_.load(std::memory_order_relaxed); }
  void set_threads(int threads) {
    threads_.store(threads, std::memory_order_relaxed);
  }

  // Runs body(0) to body(n - 1) at the same time, each on a thread of its own
  // and body(0) on the calling one, so bodies may meet at a barrier. Returns
  // when all have returned. Runs nothing and returns false when another call
  // has the team or a thread cannot be started. The caller must then compute
  // alone.
  [[nodiscard]] bool TryRun(int n, const std::function<void(int)>& body);

  // Runs body(0) on the calling thread, and lets up to n - 1 helpers run the
  // other bodies until body(0) returns. Waits for the helpers that have begun
  // by then, and not for those that have not, which other programs may keep
  // from running. So body(0) must be able to do all of the work, and bodies may
  // not meet at a barrier. Returns false as TryRun does.
  [[nodiscard]] bool TryRunWithHelp(int n,
                                    const std::function<void(int)>& body);

 private:
  // Whether a body waits for all others to begin.
  enum class Begin { kAll, kWhoever };
  bool Run(int n, const std::function<void(int)>& body, Begin begin);
  ThreadPool();
  bool GrowTo(int helpers);
  void HelperLoop(int index, uint64_t seen);

  std::atomic<int> threads_;
  std::mutex team_mutex_;  // the call that has the team holds it

  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  // The next four are valid while the team runs a body.
  const std::function<void(int)>* body_ = nullptr;
  int size_ = 0;
  Begin begin_ = Begin::kAll;
  std::atomic<int> unfinished_{0};
  int helpers_ = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_THREAD_POOL_H_
