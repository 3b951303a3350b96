#ifndef CUDNN_GRU_CUDNN_MEMORY_POOL_H_
#define CUDNN_GRU_CUDNN_MEMORY_POOL_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/aligned_buffer.h"
#include "cudnn/libraries.h"

namespace cudnn_gru {

enum class MemoryKind { kDevice, kPinned };

// Bytes held on devices, and of pinned host memory, process-wide; with what is
// kept for later calls.
ByteCounter& MemoryBytes(MemoryKind kind);

// Memory of one device, or pinned on the host for it, kept for the next calls.
// Where the system pins no more, ordinary memory takes its place: the driver
// then copies more slowly. Methods need the device's context to be current. A
// block must not be in use by the device when it is given back.
class MemoryPool {
 public:
  struct Block {
    abi::CUdeviceptr address = 0;
    size_t bytes = 0;
    bool pageable = false;
  };

  // Keeps what the last calls used, however much that is, and of what is older
  // at most `idle_limit` bytes in all.
  MemoryPool(const CudaDriver& driver, MemoryKind kind, size_t idle_limit)
      : driver_(driver), kind_(kind), idle_limit_(idle_limit) {}

  // At least `bytes`, which is not 0.
  abi::CUresult Acquire(size_t bytes, Block* block);
  // Without the context the block is kept, however much there is.
  void Release(const Block& block, bool has_context);
  // Gives what is kept back to the system.
  void FreeIdle();

  MemoryKind kind() const { return kind_; }

 private:
  struct Idle {
    Block block;
    uint64_t since;  // in acquisitions
  };

  abi::CUresult Allocate(size_t bytes, Block* block);
  abi::CUresult AllocateHost(size_t bytes, Block* block);
  // Takes what need not be kept out of idle_.
  std::vector<Block> TakeSurplus();
  void Free(const Block& block);

  const CudaDriver& driver_;
  const MemoryKind kind_;
  const size_t idle_limit_;
  std::mutex mutex_;
  std::vector<Idle> idle_;  // smallest first
  uint64_t acquisitions_ = 0;
  size_t idle_bytes_ = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_MEMORY_POOL_H_
