#include "core/workspace.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>

namespace cudnn_gru {
namespace {

// More calls than this at one time are rare; larger blocks than this belong to
// calls that take long enough not to notice an allocation.
constexpr size_t kMaxFree = 16;
constexpr size_t kMaxKeptBytes = static_cast<size_t>(64) << 20;

}  // namespace

WorkspacePool& WorkspacePool::Get() {
  static WorkspacePool* const pool = new WorkspacePool();
  return *pool;
}

std::unique_ptr<AlignedBuffer> WorkspacePool::Acquire(size_t bytes,
                                                      bool close_fit) {
  const size_t most = close_fit ? bytes + bytes / 8 : SIZE_MAX;
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
    // The smallest would only pile up beside its larger successor.
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
