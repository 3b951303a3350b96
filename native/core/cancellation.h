#ifndef CUDNN_GRU_CORE_CANCELLATION_H_
#define CUDNN_GRU_CORE_CANCELLATION_H_

#include <atomic>

namespace cudnn_gru {

// Asks a running call to stop. The call checks it between time steps.
class Cancellation {
 public:
  void Request() { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const { return requested_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_CANCELLATION_H_
