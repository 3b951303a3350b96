#ifndef CUDNN_GRU_CORE_WORKSPACE_H_
#define CUDNN_GRU_CORE_WORKSPACE_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "core/aligned_buffer.h"

namespace cudnn_gru {

// Scratch memory of calls, kept for the next ones: a steady-state call
// allocates nothing. Process-wide, never destroyed.
class WorkspacePool {
 public:
  static WorkspacePool& Get();

  // At least `bytes`, with `close_fit` not much more; null when there is no
  // memory.
  std::unique_ptr<AlignedBuffer> Acquire(size_t bytes, bool close_fit);
  void Release(std::unique_ptr<AlignedBuffer> buffer);

 private:
  WorkspacePool() = default;

  std::mutex mutex_;
  std::vector<std::unique_ptr<AlignedBuffer>> free_;
};

// A workspace for one scope or object, which reports to `counter` as long as it
// lives.
class Workspace {
 public:
  explicit Workspace(size_t bytes, ByteCounter& counter = ScratchBytes())
      : Workspace(bytes, counter, &counter != &ScratchBytes()) {}
  // With `close_fit` not much more than `bytes`: it leaves the large blocks of
  // the pool to others.
  Workspace(size_t bytes, ByteCounter& counter, bool close_fit)
      : buffer_(WorkspacePool::Get().Acquire(bytes, close_fit)) {
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

// Deals out aligned arrays from one block. Run once over null to learn the
// size, and again over the block to get the pointers.
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
