#include "cudnn/memory_pool.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

// Sizes are rounded up to this and to a sixteenth of themselves, so that calls
// of slightly different sizes use the same blocks.
constexpr size_t kGranularity = 4096;

size_t RoundUp(size_t bytes) {
  size_t step = kGranularity;
  while (step < bytes / 16) step *= 2;
  return (bytes + step - 1) / step * step;
}

}  // namespace

// Never destroyed: threads may free memory while the process exits.
ByteCounter& MemoryBytes(MemoryKind kind) {
  static auto* const counters = new ByteCounter[2]();
  return counters[kind == MemoryKind::kDevice ? 0 : 1];
}

abi::CUresult MemoryPool::Acquire(size_t bytes, Block* block) {
  const size_t wanted = RoundUp(bytes);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto fits = std::lower_bound(
        idle_.begin(), idle_.end(), wanted,
        [](const Block& each, size_t size) { return each.bytes < size; });
    // A block of twice the size would be missed by the call it was made for.
    if (fits != idle_.end() && fits->bytes / 2 <= wanted) {
      *block = *fits;
      idle_bytes_ -= fits->bytes;
      idle_.erase(fits);
      return abi::CUDA_SUCCESS;
    }
  }
  return Allocate(wanted, block);
}

void MemoryPool::Release(const Block& block, bool has_context) {
  std::vector<Block> surplus;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto larger = std::lower_bound(
        idle_.begin(), idle_.end(), block.bytes,
        [](const Block& each, size_t size) { return each.bytes < size; });
    idle_.insert(larger, block);
    idle_bytes_ += block.bytes;
    while (has_context && idle_bytes_ > idle_limit_) {
      idle_bytes_ -= idle_.back().bytes;
      surplus.push_back(idle_.back());
      idle_.pop_back();
    }
  }
  for (const Block& each : surplus) Free(each);
}

void MemoryPool::FreeIdle() {
  std::vector<Block> idle;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    idle.swap(idle_);
    idle_bytes_ = 0;
  }
  for (const Block& each : idle) Free(each);
}

abi::CUresult MemoryPool::Allocate(size_t bytes, Block* block) {
  abi::CUresult result = abi::CUDA_SUCCESS;
  if (kind_ == MemoryKind::kDevice) {
    result = driver_.cuMemAlloc_v2(&block->address, bytes);
  } else {
    void* address = nullptr;
    result = driver_.cuMemAllocHost_v2(&address, bytes);
    block->address = reinterpret_cast<abi::CUdeviceptr>(address);
  }
  if (result != abi::CUDA_SUCCESS) return result;
  block->bytes = bytes;
  MemoryBytes(kind_).fetch_add(bytes, std::memory_order_relaxed);
  return result;
}

// Nothing can be done about an error: the context is lost, or the process ends.
void MemoryPool::Free(const Block& block) {
  if (kind_ == MemoryKind::kDevice) {
    driver_.cuMemFree_v2(block.address);
  } else {
    driver_.cuMemFreeHost(reinterpret_cast<void*>(block.address));
  }
  MemoryBytes(kind_).fetch_sub(block.bytes, std::memory_order_relaxed);
}

}  // namespace cudnn_gru
