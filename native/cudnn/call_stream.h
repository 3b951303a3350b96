#ifndef CUDNN_GRU_CUDNN_CALL_STREAM_H_
#define CUDNN_GRU_CUDNN_CALL_STREAM_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/status.h"
#include "cudnn/chunking.h"
#include "cudnn/descriptor_cache.h"
#include "cudnn/device.h"
#include "cudnn/launch_graphs.h"
#include "cudnn/rnn_settings.h"
#include "cudnn/stage_clock.h"

namespace cudnn_gru {

// How a thread waits for the device: awake, which ends some microseconds
// earlier, or asleep, which leaves the CPU to others.
enum class Waiting { kAwake, kAsleep };

// Everything that one call needs for itself while it runs: a CUDA stream, a
// cuDNN handle bound to it, and the descriptors made with that handle. Streams
// live as long as the process, because destroying a handle would wait for the
// whole device.
struct CallStream {
  explicit CallStream(Device& owner) : device(owner), clock(owner) {}

  // Queue a copy to the device, a copy to the host, and filling with zeros.
  Status Upload(char* to, const char* from, size_t bytes);
  Status Download(char* to, const char* from, size_t bytes);
  Status Zero(char* to, size_t bytes);
  // Tells the clock that the call enters `stage`.
  Status Enter(Stage stage) { return clock.Enter(stage, cuda_stream); }
  // Puts a mark behind everything that is queued. Numbers of marks are small
  // and belong to the current call.
  Status Mark(size_t number);
  // Waits until the device has reached the mark.
  Status WaitFor(size_t number);
  // Waits until the device has finished everything that is queued.
  Status Synchronize();
  // Returns the descriptors for `chunk`, which is one of `chunks`, with the
  // algorithm that it says.
  Status FindDescriptors(const RnnSettings& settings, const Chunking& chunks,
                         const Chunk& chunk, abi::cudnnForwardMode_t mode,
                         DescriptorSet** found);
  // Queues a step of cuDNN's work with the whole of a call: calls `launch`, or
  // replays what it queued in an earlier call with the same addresses. `trial`
  // is null outside of trials.
  Status Launch(DescriptorSet* descriptors, LaunchStep step,
                const LaunchGraphs::Addresses& addresses, GraphTrial* trial,
                const std::function<Status()>& launch);

  Device& device;
  abi::CUstream cuda_stream = nullptr;
  abi::cudnnHandle_t handle = nullptr;
  DescriptorCache descriptors;
  Chunking chunking;  // of the current call; kept so that its memory is reused
  StageClock clock;
  bool busy = false;  // whether anything was queued since the last Synchronize
  Waiting waiting = Waiting::kAwake;  // how the current call waits

 private:
  std::vector<abi::CUevent>& Events();

  // The event of each mark, for either way of waiting. They are kept for the
  // life of the process.
  std::vector<abi::CUevent> events_awake_;
  std::vector<abi::CUevent> events_asleep_;
};

// Lends a stream for the life of this object. The device's context must be
// current for as long.
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

// Waits for the stream when a scope is left while work is still queued. Declare
// it after the buffers that this work uses, so that it waits before they are
// freed.
class StreamDrain {
 public:
  explicit StreamDrain(CallStream& stream) : stream_(stream) {}
  ~StreamDrain();
  StreamDrain(const StreamDrain&) = delete;
  StreamDrain& operator=(const StreamDrain&) = delete;

 private:
  CallStream& stream_;
};

// Frees everything that is kept for later calls: idle memory, and the
// descriptors of idle streams. The device's context must be current.
void FreeCaches(Device& device);

// Counts as a user of the device. When the last user is destroyed, the caches
// are freed.
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
