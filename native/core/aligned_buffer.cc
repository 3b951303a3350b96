#include "core/aligned_buffer.h"

#include <new>

namespace cudnn_gru {

// Never destroyed: threads may free buffers while the process exits.
ByteCounter& WeightBytes() {
  static ByteCounter* const counter = new ByteCounter(0);
  return *counter;
}

ByteCounter& ScratchBytes() {
  static ByteCounter* const counter = new ByteCounter(0);
  return *counter;
}

ByteCounter& TapeBytes() {
  static ByteCounter* const counter = new ByteCounter(0);
  return *counter;
}

bool AlignedBuffer::Allocate(size_t bytes) {
  Free();
  if (bytes == 0) return true;
  data_ = ::operator new(bytes, std::align_val_t(kAlignment), std::nothrow);
  if (data_ == nullptr) return false;
  size_ = bytes;
  counter_.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void AlignedBuffer::Free() {
  if (data_ == nullptr) return;
  ::operator delete(data_, std::align_val_t(kAlignment));
  counter_.fetch_sub(size_, std::memory_order_relaxed);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace cudnn_gru
