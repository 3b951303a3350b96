#include "core/spin_wait.h"

#include <thread>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace cudnn_gru {
namespace {

// Longer than threads of one call are apart when each has a CPU of its own. A
// limit in spins would not do: one takes 10 to 50 nanoseconds.
constexpr std::chrono::microseconds kSpinTime(100);
// Between two looks at the clock.
constexpr int kSpinsPerLook = 32;
constexpr std::chrono::microseconds kNap(20);

}  // namespace

void Relax() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

bool SpinWait::Spin() {
  Relax();
  if (++spins_ % kSpinsPerLook != 0) return true;
  const Clock::time_point now = Clock::now();
  if (spins_ == kSpinsPerLook) until_ = now + kSpinTime;
  return now < until_;
}

void SpinWait::Pause() {
  if (!Spin()) std::this_thread::sleep_for(kNap);
}

}  // namespace cudnn_gru
