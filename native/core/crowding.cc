#include "core/crowding.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

constexpr Crowding::Clock::rep Ticks(int milliseconds) {
  return std::chrono::duration_cast<Crowding::Clock::duration>(
             std::chrono::milliseconds(milliseconds))
      .count();
}

// A thread may lose its CPU now and then on any machine.
constexpr uint32_t kFewStalls = 3;
constexpr uint32_t kPhasesPerStall = 64;

constexpr Crowding::Clock::rep kShortestPause = Ticks(250);
constexpr Crowding::Clock::rep kLongestPause = Ticks(4000);
// Crowded again so soon after a pause: the next one is twice as long.
constexpr Crowding::Clock::rep kSoon = Ticks(1000);

}  // namespace

Crowding& Crowding::Get() {
  static Crowding* const crowding = new Crowding();
  return *crowding;
}

void Crowding::Note(uint32_t phases, uint32_t stalls, Clock::time_point now) {
  if (stalls < kFewStalls || stalls < phases / kPhasesPerStall) return;
  const Clock::rep ticks = now.time_since_epoch().count();
  const Clock::rep before = pause_.load(std::memory_order_relaxed);
  const bool again =
      before != 0 && ticks < until_.load(std::memory_order_relaxed) + kSoon;
  const Clock::rep pause =
      again ? std::min(2 * before, kLongestPause) : kShortestPause;
  pause_.store(pause, std::memory_order_relaxed);
  until_.store(ticks + pause, std::memory_order_relaxed);
}

}  // namespace cudnn_gru
