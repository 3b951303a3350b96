#ifndef CUDNN_GRU_CORE_WORKSPACE_H_
#define CUDNN_GRU_CORE_WORKSPACE_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "core/aligned_buffer.h"

namespace cudnn_gru {

// How much larger than needed a buffer of the pool may be.
enum class Fit {
  kAny,
  // By an eighth, so that the large buffers are left to the calls that need
  // them.
  kClose,
};

// Keeps the scratch memory of calls for later calls, so that a call in a steady
// state allocates nothing. There is one pool in the process. It is never
// destroyed, because calls may run while the process exits.
class WorkspacePool {
 public:
  static WorkspacePool& Get();

  // Returns a buffer of at least `bytes`, or null when there is no memory.
  std::unique_ptr<AlignedBuffer> Acquire(size_t bytes, Fit fit);
  // Keeps the buffer for later calls, or frees it.
  void Release(std::unique_ptr<AlignedBuffer> buffer);

 private:
  WorkspacePool() = default;

  std::mutex mutex_;
  std::vector<std::unique_ptr<AlignedBuffer>> free_;
};

// A buffer of the pool for one scope or object. It reports to `counter` as long
// as it lives.
class Workspace {
 public:
  // Scratch memory of one call.
  explicit Workspace(size_t bytes)
      : Workspace(bytes, ScratchBytes(), Fit::kAny) {}
  Workspace(size_t bytes, ByteCounter& counter, Fit fit)
      : buffer_(WorkspacePool::Get().Acquire(bytes, fit)) {
    if (buffer_ != nullptr) buffer_->CountIn(counter);
  }
  ~Workspace() {
    if (buffer_ == nullptr) return;
    buffer_->CountIn(ScratchBytes());
    WorkspacePool::Get().Release(std::move(buffer_));
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Null when there was no memory.
  void* data() const { return buffer_ == nullptr ? nullptr : buffer_->data(); }
  size_t size() const { return buffer_ == nullptr ? 0 : buffer_->size(); }

 private:
  std::unique_ptr<AlignedBuffer> buffer_;
};

// Divides one block into aligned arrays. The caller asks for the same arrays
// twice: first without a block, to learn how large it must be, and then with
// the block, to get the pointers.
class BumpAllocator {
 public:
  explicit BumpAllocator(void* base) : base_(static_cast<char*>(base)) {}

  template <typename T>
  T* Take(size_t count) {
    constexpr size_t kLine = AlignedBuffer::kAlignment;
    T* const taken =
        base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
    used_ += (count * sizeof(T) + kLine - 1) / kLine * kLine;
    return taken;
  }

  size_t used() const { return used_; }

 private:
  char* const base_;
  size_t used_ = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_WORKSPACE_H_
