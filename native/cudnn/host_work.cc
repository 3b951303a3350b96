#include "cudnn/host_work.h"

#include <algorithm>

#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

// A thread copies so many bytes in some tens of microseconds, which is several
// times as long as it takes to wake the thread.
constexpr size_t kBytesPerThread = static_cast<size_t>(256) << 10;

}  // namespace

void DivideHostWork(int threads, size_t count, size_t bytes,
                    const std::function<void(size_t, size_t)>& work) {
  const size_t worth = std::min(count, bytes / kBytesPerThread);
  const size_t parts =
      std::min(worth, static_cast<size_t>(std::max(threads, 1)));
  const auto part = [&](int index) {
    const size_t i = static_cast<size_t>(index);
    work(count * i / parts, count * (i + 1) / parts);
  };
  if (parts < 2 || !ThreadPool::Get().TryRun(static_cast<int>(parts), part)) {
    work(0, count);
  }
}

}  // namespace cudnn_gru
