#include "core/workspace.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>

namespace cudnn_gru {
namespace {

// It is rare that more calls than this run at one time. A call that needs a
// larger buffer than this takes so long that an allocation does not matter.
constexpr size_t kMaxFree = 16;
constexpr size_t kMaxKeptBytes = static_cast<size_t>(64) << 20;

}  // namespace

WorkspacePool& WorkspacePool::Get() {
  static WorkspacePool* const pool = new WorkspacePool();
  return *pool;
}

std::unique_ptr<AlignedBuffer> WorkspacePool::Acquire(size_t bytes, Fit fit) {
  const size_t most = fit == Fit::kClose ? bytes + bytes / 8 : SIZE_MAX;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto fits = std::find_if(
        free_.begin(), free_.end(),
        [bytes](const auto& buffer) { return buffer->size() >= bytes; });
    if (fits != free_.end() && (*fits)->size() <= most) {
      std::unique_ptr<AlignedBuffer> buffer = std::move(*fits);
      free_.erase(fits);
      return buffer;
    }
    // No buffer fits, so a larger one is allocated below. The smallest one
    // goes, or buffers that are too small would fill the pool.
    if (!free_.empty() && free_.front()->size() < bytes) {
      free_.erase(free_.begin());
    }
  }
  std::unique_ptr<AlignedBuffer> buffer(new (std::nothrow)
                                            AlignedBuffer(ScratchBytes()));
  if (buffer == nullptr || !buffer->Allocate(std::max<size_t>(bytes, 1))) {
    return nullptr;
  }
  return buffer;
}

void WorkspacePool::Release(std::unique_ptr<AlignedBuffer> buffer) {
  if (buffer->size() > kMaxKeptBytes) return;
  std::lock_guard<std::mutex> lock(mutex_);
  if (free_.size() >= kMaxFree) return;
  const auto larger = std::find_if(
      free_.begin(), free_.end(),
      [&buffer](const auto& other) { return other->size() >= buffer->size(); });
  free_.insert(larger, std::move(buffer));
}

}  // namespace cudnn_gru
