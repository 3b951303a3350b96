#include "core/contention.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

constexpr Contention::Clock::rep Ticks(int milliseconds) {
  return std::chrono::duration_cast<Contention::Clock::duration>(
             std::chrono::milliseconds(milliseconds))
      .count();
}

// On any machine a thread loses its CPU now and then, so that a few long waits
// prove nothing.
constexpr uint32_t kFewStalls = 3;
constexpr uint32_t kPhasesPerStall = 64;

constexpr Contention::Clock::rep kShortestCooldown = Ticks(250);
constexpr Contention::Clock::rep kLongestCooldown = Ticks(4000);
// A contended call this soon after a cool-down makes the next one twice as
// long.
constexpr Contention::Clock::rep kSoon = Ticks(1000);

}  // namespace

Contention& Contention::Get() {
  static Contention* const contention = new Contention();
  return *contention;
}

void Contention::Note(uint32_t phases, uint32_t stalls, Clock::time_point now) {
  if (stalls < kFewStalls || stalls < phases / kPhasesPerStall) return;
  const Clock::rep ticks = now.time_since_epoch().count();
  const Clock::rep before = cooldown_.load(std::memory_order_relaxed);
  const bool again =
      before != 0 && ticks < until_.load(std::memory_order_relaxed) + kSoon;
  const Clock::rep cooldown =
      again ? std::min(2 * before, kLongestCooldown) : kShortestCooldown;
  cooldown_.store(cooldown, std::memory_order_relaxed);
  until_.store(ticks + cooldown, std::memory_order_relaxed);
}

}  // namespace cudnn_gru
