#ifndef CUDNN_GRU_CUDNN_DEVICE_H_
#define CUDNN_GRU_CUDNN_DEVICE_H_

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>

#include "core/status.h"
#include "cudnn/algorithm.h"
#include "cudnn/graph_admission.h"
#include "cudnn/libraries.h"
#include "cudnn/memory_pool.h"

namespace cudnn_gru {

// One CUDA device of this process: its primary context (the one that cuDNN's
// own CUDA runtime uses), its memory, and whether it still works. Devices are
// never destroyed.
class Device {
 public:
  // Returns the device with that index and makes it at the first call. Fails
  // with kCudnnUnavailable and the reason when there is no driver, no cuDNN or
  // no such device.
  static Status Get(size_t index, Device** device);

  size_t index() const { return index_; }
  const CudaDriver& driver() const { return driver_; }
  const CudnnLibrary& cudnn() const { return cudnn_; }

  // Turn the result of a library call for this device into a Status. An error
  // that costs the context makes the device unusable from then on.
  Status Check(abi::CUresult result, const char* function) const;
  Status Check(abi::cudnnStatus_t status, const char* function) const;

  // Fails with kCuda once the context is lost. The message says that only a
  // restart helps.
  Status CheckUsable() const;
  // Returns text that continues a message, such as ": 12 of 16384 MiB are
  // free". Returns an empty text when the driver does not say.
  std::string FreeMemoryText() const;

  // Returns the pool that lends memory and keeps it for later calls.
  MemoryPool& memory(MemoryKind kind) {
    return kind == MemoryKind::kDevice ? device_memory_ : pinned_memory_;
  }
  AlgorithmChoice& algorithms() { return algorithms_; }
  GraphAdmission& graphs() { return graphs_; }

 private:
  friend class ContextScope;

  Device(size_t index, const CudaDriver& driver, const CudnnLibrary& cudnn,
         abi::CUcontext context, size_t total_memory);
  void NoteLoss(const std::string& message) const;

  const size_t index_;
  const CudaDriver& driver_;
  const CudnnLibrary& cudnn_;
  const abi::CUcontext context_;
  MemoryPool device_memory_;
  MemoryPool pinned_memory_;
  AlgorithmChoice algorithms_;
  GraphAdmission graphs_;
  mutable std::atomic<bool> lost_{false};
  mutable std::mutex mutex_;
  mutable std::string loss_;  // the error that cost the context
};

// Makes the device's context current on this thread for a scope, and the
// previous context again at the end. A lost context is made current too, so
// that its memory can still be freed.
class ContextScope {
 public:
  explicit ContextScope(Device& device);
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

  // Fails when the device cannot be used.
  const Status& status() const { return status_; }
  // Whether the device's context is current.
  bool current() const { return current_; }

 private:
  Device& device_;
  abi::CUcontext previous_ = nullptr;
  bool current_ = false;
  Status status_;
};

// Owns a block of a device's memory, or of pinned memory. The device must have
// finished with the block before it is freed. Any thread may free it.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  ~DeviceBuffer() { Free(); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  // Replaces the block by one of at least `bytes`, and of at least one byte.
  // The device's context must be current.
  Status Allocate(Device& device, MemoryKind kind, size_t bytes);
  void Free();

  // Returns the address on the device, or of pinned memory on the host.
  char* data() const { return reinterpret_cast<char*>(block_.address); }
  size_t bytes() const { return block_.bytes; }

 private:
  Device* device_ = nullptr;
  MemoryPool* pool_ = nullptr;
  MemoryPool::Block block_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_DEVICE_H_
