#include "core/contention.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

using std::chrono::milliseconds;

// On any machine a thread loses its CPU now and then. So much time must have
// passed in calls before they are judged, because a single short call proves
// nothing.
constexpr milliseconds kJudged(8);

// A try that turns out to be contended costs about kJudged.
constexpr milliseconds kFirstCooldown(50);
constexpr milliseconds kLongestCooldown(1600);

}  // namespace

Contention& Contention::Get() {
  static Contention* const contention = new Contention();
  return *contention;
}

void Contention::Note(int threads, Clock::duration took, Clock::duration lost,
                      Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  took_ += took;
  alone_ += threads * (took - std::min(lost, took));
  if (took_ < kJudged) return;
  const bool contended = alone_ < took_;
  took_ = alone_ = Clock::duration(0);
  if (!contended) {
    cooldown_ = Clock::duration(0);
    return;
  }
  cooldown_ = cooldown_ == Clock::duration(0)
                  ? kFirstCooldown
                  : std::min<Clock::duration>(2 * cooldown_, kLongestCooldown);
  until_.store((now + cooldown_).time_since_epoch().count(),
               std::memory_order_relaxed);
}

void Contention::Note(const SpinBarrier& barrier) {
  if (barrier.threads() == 1) return;
  const Clock::time_point now = Clock::now();
  Note(barrier.threads(), now - barrier.made(), barrier.lost(), now);
}

}  // namespace cudnn_gru
