#include "core/aligned_buffer.h"

#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace cudnn_gru {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

// Buffers that are large enough for a huge page start at the border of one.
std::align_val_t AlignmentOf(size_t bytes) {
  return std::align_val_t(bytes < kHugePage ? AlignedBuffer::kAlignment
                                            : kHugePage);
}

// Asks for huge pages, because they cause fewer misses of the address caches
// when every step reads megabytes of weights. Leaves the part of the buffer
// that fills no huge page as it is, so that no memory beyond the buffer is
// used.
void AdviseHugePages(void* data, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes < kHugePage) return;
  // A failure is ignored: without huge pages the buffer is slower, not wrong.
  (void)madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#else
  (void)data;
  (void)bytes;
#endif
}

}  // namespace

// The counters are never destroyed, because threads may free buffers while the
// process exits.
ByteCounter& WeightBytes() {
  static ByteCounter* const counter = new ByteCounter(0);
  return *counter;
}

ByteCounter& ScratchBytes() {
  static ByteCounter* const counter = new ByteCounter(0);
  return *counter;
}

ByteCounter& PassBytes() {
  static ByteCounter* const counter = new ByteCounter(0);
  return *counter;
}

bool AlignedBuffer::Allocate(size_t bytes) {
  Free();
  if (bytes == 0) return true;
  data_ = ::operator new(bytes, AlignmentOf(bytes), std::nothrow);
  if (data_ == nullptr) return false;
  AdviseHugePages(data_, bytes);
  size_ = bytes;
  counter_->fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void AlignedBuffer::Free() {
  if (data_ == nullptr) return;
  ::operator delete(data_, AlignmentOf(size_));
  counter_->fetch_sub(size_, std::memory_order_relaxed);
  data_ = nullptr;
  size_ = 0;
}

void AlignedBuffer::CountIn(ByteCounter& counter) {
  counter_->fetch_sub(size_, std::memory_order_relaxed);
  counter.fetch_add(size_, std::memory_order_relaxed);
  counter_ = &counter;
}

}  // namespace cudnn_gru
