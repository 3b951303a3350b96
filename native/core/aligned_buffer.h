#ifndef CUDNN_GRU_CORE_ALIGNED_BUFFER_H_
#define CUDNN_GRU_CORE_ALIGNED_BUFFER_H_

#include <atomic>
#include <cstddef>

namespace cudnn_gru {

// Counts the bytes of all buffers that report to it.
using ByteCounter = std::atomic<size_t>;

// Count the native memory of the whole process that is held by packed weights,
// by the scratch memory of calls, and by passes on the host.
ByteCounter& WeightBytes();
ByteCounter& ScratchBytes();
ByteCounter& PassBytes();

// Owns memory aligned to a cache line, which is also the widest vector.
// Contents are not initialised.
class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = 64;

  explicit AlignedBuffer(ByteCounter& counter) : counter_(&counter) {}
  ~AlignedBuffer() { Free(); }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  // Replaces the memory. Returns false, and leaves the buffer empty, when the
  // system has no memory.
  [[nodiscard]] bool Allocate(size_t bytes);
  void Free();
  // Moves the bytes of this buffer to `counter`, and reports to it from now on.
  void CountIn(ByteCounter& counter);

  void* data() { return data_; }
  const void* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  ByteCounter* counter_;
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ALIGNED_BUFFER_H_
