#ifndef CUDNN_GRU_CUDNN_MEMORY_POOL_H_
#define CUDNN_GRU_CUDNN_MEMORY_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/aligned_buffer.h"
#include "cudnn/libraries.h"

namespace cudnn_gru {

enum class MemoryKind { kDevice, kPinned };

// Counts the bytes that this process holds on devices, or of pinned host
// memory, including those that pools keep for later calls.
ByteCounter& MemoryBytes(MemoryKind kind);

// Whether the device's context is current on the calling thread.
enum class ContextState { kCurrent, kNotCurrent };

// Lends memory of one device, or pinned host memory for it, and keeps returned
// blocks for the next calls. When the system cannot pin more memory, the pool
// lends ordinary memory instead, from which the driver copies more slowly. The
// device's context must be current, except in Release. The device must have
// finished with a block before it is released.
class MemoryPool {
 public:
  struct Block {
    abi::CUdeviceptr address = 0;
    size_t bytes = 0;
    bool pageable = false;
  };

  // The pool keeps all blocks that the last calls used. It frees the oldest of
  // the others while more than `idle_limit` bytes are idle.
  MemoryPool(const CudaDriver& driver, MemoryKind kind, size_t idle_limit)
      : driver_(driver), kind_(kind), idle_limit_(idle_limit) {}

  // Lends a block of at least `bytes`, which is not 0.
  abi::CUresult Acquire(size_t bytes, Block* block);
  // Takes a block back. Nothing can be freed without the context, so the pool
  // then keeps more than its limit.
  void Release(const Block& block, ContextState context);
  // Frees all idle blocks.
  void FreeIdle();

  MemoryKind kind() const { return kind_; }
  // Returns how many blocks this pool has given back to the system.
  uint64_t frees() const { return frees_.load(std::memory_order_acquire); }

 private:
  struct Idle {
    Block block;
    uint64_t since;  // the value of acquisitions_ when it was released
  };

  abi::CUresult Allocate(size_t bytes, Block* block);
  abi::CUresult AllocateHost(size_t bytes, Block* block);
  // Removes the blocks that need not be kept from idle_, and returns them.
  std::vector<Block> TakeSurplus();
  void Free(const Block& block);

  const CudaDriver& driver_;
  const MemoryKind kind_;
  const size_t idle_limit_;
  std::mutex mutex_;
  std::vector<Idle> idle_;  // smallest first
  uint64_t acquisitions_ = 0;
  size_t idle_bytes_ = 0;
  std::atomic<uint64_t> frees_{0};
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_MEMORY_POOL_H_
