#ifndef CUDNN_GRU_CUDNN_DEVICE_H_
#define CUDNN_GRU_CUDNN_DEVICE_H_

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>

#include "core/status.h"
#include "cudnn/algorithm.h"
#include "cudnn/libraries.h"
#include "cudnn/memory_pool.h"

namespace cudnn_gru {

// One CUDA device of this process: its primary context (the one that cuDNN's
// own CUDA runtime uses), its memory, and whether it still works. Never
// destroyed.
class Device {
 public:
  // The device of that index, made at the first call. kCudnnUnavailable, with
  // the reason, when there is no driver, no cuDNN or no such device.
  static Status Get(size_t index, Device** device);

  size_t index() const { return index_; }
  const CudaDriver& driver() const { return driver_; }
  const CudnnLibrary& cudnn() const { return cudnn_; }

  // The Status of a call for this device. An error after which the context is
  // lost makes the device unusable from then on.
  Status Check(abi::CUresult result, const char* function) const;
  Status Check(abi::cudnnStatus_t status, const char* function) const;

  // kCuda, saying that only a restart helps, once the context is lost.
  Status CheckUsable() const;
  // ": 12 of 16384 MiB are free", for a message.
  std::string FreeMemoryText() const;

  // Memory, kept for later calls when the buffer goes.
  MemoryPool& memory(MemoryKind kind) {
    return kind == MemoryKind::kDevice ? device_memory_ : pinned_memory_;
  }
  AlgorithmChoice& algorithms() { return algorithms_; }

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
  mutable std::atomic<bool> lost_{false};
  mutable std::mutex mutex_;
  mutable std::string loss_;  // what lost the context
};

// Makes the device's context current on this thread, for a scope, and then the
// one that was. A lost context too: what it held can still be given up.
class ContextScope {
 public:
  explicit ContextScope(Device& device);
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

  // Whether the device can be used.
  const Status& status() const { return status_; }
  // Whether its context is current.
  bool current() const { return current_; }

 private:
  Device& device_;
  abi::CUcontext previous_ = nullptr;
  bool current_ = false;
  Status status_;
};

// Owns a block of a device's memory, or of pinned memory. The device must have
// finished with it when it goes; that may be on any thread.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  ~DeviceBuffer() { Free(); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  // Replaces the block; needs the device's context. At least one byte.
  Status Allocate(Device& device, MemoryKind kind, size_t bytes);
  void Free();

  // On the device, or on the host.
  char* data() const { return reinterpret_cast<char*>(block_.address); }
  size_t bytes() const { return block_.bytes; }

 private:
  Device* device_ = nullptr;
  MemoryPool* pool_ = nullptr;
  MemoryPool::Block block_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_DEVICE_H_
