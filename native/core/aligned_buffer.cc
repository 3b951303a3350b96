#include "core/aligned_buffer.h"

#include <new>

#include "core/huge_pages.h"

namespace cudnn_gru {
namespace {

// Buffers that are large enough for a huge page start at the border of one.
std::align_val_t AlignmentOf(size_t bytes) {
  return std::align_val_t(bytes < kHugePage ? AlignedBuffer::kAlignment
                                            : kHugePage);
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
  if (counter_ == &counter) return;
  counter_->fetch_sub(size_, std::memory_order_relaxed);
  counter.fetch_add(size_, std::memory_order_relaxed);
  counter_ = &counter;
}

}  // namespace cudnn_gru
