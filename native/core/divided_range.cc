#include "core/divided_range.h"

#include <algorithm>
#include <atomic>

#include "core/thread_pool.h"

namespace cudnn_gru {

void ForEachRange(size_t n, size_t step, int threads,
                  const std::function<void(size_t begin, size_t end)>& body) {
  const size_t ranges = n / step + (n % step != 0);
  std::atomic<size_t> next{0};
  const auto run = [&](int) {
    for (size_t i = next++; i < ranges; i = next++) {
      body(i * step, i + 1 < ranges ? (i + 1) * step : n);
    }
  };
  const size_t most = static_cast<size_t>(std::max(threads, 1));
  const int used = static_cast<int>(std::min(ranges, most));
  // The closure is passed by reference, because a copy would be allocated.
  if (used < 2 || !ThreadPool::Get().TryRunWithHelp(used, std::cref(run))) {
    run(0);
  }
}

}  // namespace cudnn_gru
