#include "cudnn/memory_pool.h"

#include <algorithm>
#include <new>

#include "cudnn/failures.h"

namespace cudnn_gru {
namespace {

// Sizes are rounded up to a multiple of this, or of about a sixteenth of
// themselves, so that calls of slightly different sizes use the same blocks.
constexpr size_t kGranularity = 4096;
constexpr std::align_val_t kAlignment{kGranularity};

// How many acquisitions count as the last calls: those of a few calls, since a
// training step acquires five or six blocks.
constexpr uint64_t kRecentAcquisitions = 16;

size_t RoundUp(size_t bytes) {
  size_t step = kGranularity;
  while (step < bytes / 16) step *= 2;
  return (bytes + step - 1) / step * step;
}

}  // namespace

// The counters are never destroyed, because threads may free memory while the
// process exits.
ByteCounter& MemoryBytes(MemoryKind kind) {
  static auto* const counters = new ByteCounter[2]();
  return counters[kind == MemoryKind::kDevice ? 0 : 1];
}

abi::CUresult MemoryPool::Acquire(size_t bytes, Block* block) {
  const size_t wanted = RoundUp(bytes);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ++acquisitions_;
    const auto fits = std::lower_bound(
        idle_.begin(), idle_.end(), wanted,
        [](const Idle& each, size_t size) { return each.block.bytes < size; });
    // A block of more than twice the size stays for the larger call that it was
    // made for.
    if (fits != idle_.end() && fits->block.bytes / 2 <= wanted) {
      *block = fits->block;
      idle_bytes_ -= block->bytes;
      idle_.erase(fits);
      return abi::CUDA_SUCCESS;
    }
  }
  return Allocate(wanted, block);
}

void MemoryPool::Release(const Block& block, ContextState context) {
  std::vector<Block> surplus;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto larger = std::lower_bound(
        idle_.begin(), idle_.end(), block.bytes,
        [](const Idle& each, size_t size) { return each.block.bytes < size; });
    idle_.insert(larger, {block, acquisitions_});
    idle_bytes_ += block.bytes;
    if (context == ContextState::kCurrent) surplus = TakeSurplus();
  }
  for (const Block& each : surplus) Free(each);
}

std::vector<MemoryPool::Block> MemoryPool::TakeSurplus() {
  std::vector<Block> surplus;
  while (idle_bytes_ > idle_limit_) {
    const auto oldest = std::min_element(
        idle_.begin(), idle_.end(),
        [](const Idle& a, const Idle& b) { return a.since < b.since; });
    if (acquisitions_ - oldest->since < kRecentAcquisitions) break;
    idle_bytes_ -= oldest->block.bytes;
    surplus.push_back(oldest->block);
    idle_.erase(oldest);
  }
  return surplus;
}

void MemoryPool::FreeIdle() {
  std::vector<Idle> idle;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    idle.swap(idle_);
    idle_bytes_ = 0;
  }
  for (const Idle& each : idle) Free(each.block);
}

abi::CUresult MemoryPool::Allocate(size_t bytes, Block* block) {
  const abi::CUresult result =
      kind_ == MemoryKind::kDevice
          ? driver_.cuMemAlloc_v2(&block->address, bytes)
          : AllocateHost(bytes, block);
  if (result != abi::CUDA_SUCCESS) return result;
  block->bytes = bytes;
  (block->pageable ? ScratchBytes() : MemoryBytes(kind_))
      .fetch_add(bytes, std::memory_order_relaxed);
  return result;
}

abi::CUresult MemoryPool::AllocateHost(size_t bytes, Block* block) {
  void* address = nullptr;
  const abi::CUresult result = driver_.cuMemAllocHost_v2(&address, bytes);
  if (result != abi::CUDA_SUCCESS) {
    if (KindOf(result) == FailureKind::kSticky) return result;
    address = ::operator new(bytes, kAlignment, std::nothrow);
    if (address == nullptr) return abi::CUDA_ERROR_OUT_OF_MEMORY;
    block->pageable = true;
  }
  block->address = reinterpret_cast<abi::CUdeviceptr>(address);
  return abi::CUDA_SUCCESS;
}

// Errors are ignored because nothing can be done about them: the context is
// lost, or the process ends.
void MemoryPool::Free(const Block& block) {
  frees_.fetch_add(1, std::memory_order_release);
  if (kind_ == MemoryKind::kDevice) {
    driver_.cuMemFree_v2(block.address);
  } else if (block.pageable) {
    ::operator delete(reinterpret_cast<void*>(block.address), kAlignment);
  } else {
    driver_.cuMemFreeHost(reinterpret_cast<void*>(block.address));
  }
  (block.pageable ? ScratchBytes() : MemoryBytes(kind_))
      .fetch_sub(block.bytes, std::memory_order_relaxed);
}

}  // namespace cudnn_gru
