#ifndef CUDNN_GRU_CUDNN_CALL_STREAM_H_
#define CUDNN_GRU_CUDNN_CALL_STREAM_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "core/status.h"
#include "cudnn/chunking.h"
#include "cudnn/descriptor_set.h"
#include "cudnn/device.h"
#include "cudnn/stage_clock.h"

namespace cudnn_gru {

// What one call needs for itself while it runs: a stream, a cuDNN handle bound
// to it, and the descriptors made with that handle. Streams live as long as the
// process: destroying a handle would wait for the whole device.
struct CallStream {
  explicit CallStream(Device& owner) : device(owner), clock(owner) {}

  Status Upload(char* to, const char* from, size_t bytes);
  Status Download(char* to, const char* from, size_t bytes);
  Status Zero(char* to, size_t bytes);
  // Begins a stage of the call, for those who time calls.
  Status Enter(Stage stage) { return clock.Enter(stage, cuda_stream); }
  // Marks what is queued by now with a number, small and of this call, and
  // waits until the device has got there.
  Status Mark(size_t number);
  Status WaitFor(size_t number);
  // Waits until everything queued has ended.
  Status Synchronize();

  Device& device;
  abi::CUstream cuda_stream = nullptr;
  abi::cudnnHandle_t handle = nullptr;
  DescriptorCache descriptors;
  Chunking chunking;  // its memory is kept
  StageClock clock;
  bool busy = false;  // something was queued since the last Synchronize
  // How this call waits: asleep, so that the CPU is free for others, or awake,
  // which ends some microseconds earlier.
  bool asleep = false;

 private:
  // Events by number, made for either way of waiting; kept for the process's
  // life.
  std::vector<abi::CUevent> events_[2];
};

// A stream for one scope; needs the device's context for as long.
class CallStreamLease {
 public:
  explicit CallStreamLease(Device& device) : device_(device) {}
  ~CallStreamLease();
  CallStreamLease(const CallStreamLease&) = delete;
  CallStreamLease& operator=(const CallStreamLease&) = delete;

  // Takes an idle stream, or makes one.
  Status Acquire();

  CallStream* operator->() const { return stream_.get(); }
  CallStream& operator*() const { return *stream_; }

 private:
  Device& device_;
  std::unique_ptr<CallStream> stream_;
};

// Declared after the buffers that a stream's work uses: waits, when a scope is
// left with work still queued, before they go.
class Drain {
 public:
  explicit Drain(CallStream& stream) : stream_(stream) {}
  ~Drain();
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

 private:
  CallStream& stream_;
};

// Frees what is kept for later calls: idle memory, and the descriptors of idle
// streams. Needs the device's context.
void FreeCaches(Device& device);

// Something that lives on the device. When the last one goes, so do the caches.
class DeviceUse {
 public:
  explicit DeviceUse(Device& device);
  ~DeviceUse();
  DeviceUse(const DeviceUse&) = delete;
  DeviceUse& operator=(const DeviceUse&) = delete;

 private:
  Device& device_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CALL_STREAM_H_
