#include "cudnn/host_work.h"

#include <algorithm>
#include <atomic>

#include "core/prefault.h"
#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

// A thread copies so many bytes in some tens of microseconds, which is several
// times as long as it takes to wake the thread.
constexpr size_t kBytesPerThread = static_cast<size_t>(256) << 10;

constexpr size_t kPrefaultBlock = static_cast<size_t>(64) << 10;

}  // namespace

void DivideHostWork(int threads, size_t count, size_t bytes,
                    const std::function<void(size_t, size_t)>& work) {
  const size_t worth = std::min(count, bytes / kBytesPerThread);
  const size_t parts =
      std::min(worth, static_cast<size_t>(std::max(threads, 1)));
  std::atomic<size_t> next{0};
  const auto parts_in_turn = [&](int) {
    for (;;) {
      const size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= parts) return;
      work(count * i / parts, count * (i + 1) / parts);
    }
  };
  if (parts < 2 || !ThreadPool::Get().TryRunWithHelp(static_cast<int>(parts),
                                                     parts_in_turn)) {
    work(0, count);
  }
}

void PrefaultResults(int threads, const std::vector<HostRange>& ranges) {
  for (const HostRange& range : ranges) {
    if (range.data == nullptr || range.bytes < kBytesPerThread) continue;
    char* const data = static_cast<char*>(range.data);
    const size_t blocks = range.bytes / kPrefaultBlock;
    DivideHostWork(threads, blocks, range.bytes, [&](size_t begin, size_t end) {
      const size_t from = begin * kPrefaultBlock;
      const size_t to = end == blocks ? range.bytes : end * kPrefaultBlock;
      Prefault(data + from, to - from);
    });
  }
}

}  // namespace cudnn_gru
