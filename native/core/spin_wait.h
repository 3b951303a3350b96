#ifndef CUDNN_GRU_CORE_SPIN_WAIT_H_
#define CUDNN_GRU_CORE_SPIN_WAIT_H_

#include <chrono>

namespace cudnn_gru {

// Tells the CPU that the thread waits in a loop.
void Relax();

// Waits for other threads in a loop: spins at first, because what they do takes
// microseconds, and then sleeps, because a thread that seems not to be running
// may be waiting for this CPU.
class SpinWait {
 public:
  // Waits for a moment without sleeping. Returns false when the thread has
  // spun long enough.
  bool Spin();
  // Waits for a moment: spins, or sleeps for some ten microseconds.
  void Pause();

 private:
  using Clock = std::chrono::steady_clock;

  int spins_ = 0;
  Clock::time_point until_;  // valid after the first spins
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_SPIN_WAIT_H_
