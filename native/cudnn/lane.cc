#include "cudnn/lane.h"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

// The lanes and users of one device.
struct LanePool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Lane>> idle;
  size_t users = 0;
};

// Never destroyed, like the lanes.
LanePool& PoolOf(const Device& device) {
  static auto* const mutex = new std::mutex();
  static auto* const pools = new std::map<const Device*, LanePool>();
  std::lock_guard<std::mutex> lock(*mutex);
  return (*pools)[&device];
}

abi::CUdeviceptr Address(const char* data) {
  return reinterpret_cast<abi::CUdeviceptr>(data);
}

Status Open(Lane* lane) {
  Device& device = lane->device;
  const CudnnLibrary& cudnn = device.cudnn();
  CUDNN_GRU_RETURN_IF_ERROR(
      device.Check(device.driver().cuStreamCreate(&lane->stream,
                                                  abi::CU_STREAM_NON_BLOCKING),
                   "cuStreamCreate"));
  const Status created =
      device.Check(cudnn.cudnnCreate(&lane->handle), "cudnnCreate");
  if (created.remedy() == Remedy::kAgain) {
    return Status(created.code(), created.message() + device.FreeMemoryText(),
                  Remedy::kAgain);
  }
  CUDNN_GRU_RETURN_IF_ERROR(created);
  return device.Check(cudnn.cudnnSetStream(lane->handle, lane->stream),
                      "cudnnSetStream");
}

void Discard(Lane* lane) {
  if (lane->handle != nullptr) lane->device.cudnn().cudnnDestroy(lane->handle);
  if (lane->stream != nullptr) {
    lane->device.driver().cuStreamDestroy_v2(lane->stream);
  }
}

}  // namespace

Status Lane::Upload(char* to, const char* from, size_t bytes) {
  if (bytes == 0) return Status();
  busy = true;
  return device.Check(
      device.driver().cuMemcpyHtoDAsync_v2(Address(to), from, bytes, stream),
      "cuMemcpyHtoDAsync");
}

Status Lane::Download(char* to, const char* from, size_t bytes) {
  if (bytes == 0) return Status();
  busy = true;
  return device.Check(
      device.driver().cuMemcpyDtoHAsync_v2(to, Address(from), bytes, stream),
      "cuMemcpyDtoHAsync");
}

Status Lane::Zero(char* to, size_t bytes) {
  if (bytes == 0) return Status();
  busy = true;
  return device.Check(
      device.driver().cuMemsetD8Async(Address(to), 0, bytes, stream),
      "cuMemsetD8Async");
}

Status Lane::Mark(size_t number) {
  std::vector<abi::CUevent>& events = events_[asleep ? 1 : 0];
  const unsigned int flags =
      abi::CU_EVENT_DISABLE_TIMING | (asleep ? abi::CU_EVENT_BLOCKING_SYNC : 0);
  while (events.size() <= number) {
    abi::CUevent event = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(device.Check(
        device.driver().cuEventCreate(&event, flags), "cuEventCreate"));
    events.push_back(event);
  }
  return device.Check(device.driver().cuEventRecord(events[number], stream),
                      "cuEventRecord");
}

Status Lane::WaitFor(size_t number) {
  return device.Check(
      device.driver().cuEventSynchronize(events_[asleep ? 1 : 0][number]),
      "cuEventSynchronize");
}

Status Lane::Synchronize() {
  if (asleep) {
    CUDNN_GRU_RETURN_IF_ERROR(Mark(0));
    CUDNN_GRU_RETURN_IF_ERROR(WaitFor(0));
  } else {
    CUDNN_GRU_RETURN_IF_ERROR(device.Check(
        device.driver().cuStreamSynchronize(stream), "cuStreamSynchronize"));
  }
  busy = false;
  plans.EndCall();
  return Status();
}

Status LaneLease::Acquire() {
  LanePool& pool = PoolOf(device_);
  // One handle is created at a time: the first loads what all share.
  std::lock_guard<std::mutex> lock(pool.mutex);
  if (!pool.idle.empty()) {
    lane_ = std::move(pool.idle.back());
    pool.idle.pop_back();
    return Status();
  }
  auto lane = std::make_unique<Lane>(device_);
  const Status status = Open(lane.get());
  if (status.ok()) {
    lane_ = std::move(lane);
  } else {
    Discard(lane.get());
  }
  return status;
}

LaneLease::~LaneLease() {
  if (lane_ == nullptr) return;
  LanePool& pool = PoolOf(device_);
  std::lock_guard<std::mutex> lock(pool.mutex);
  pool.idle.push_back(std::move(lane_));
}

Drain::~Drain() {
  if (!lane_.busy) return;
  // The status of what failed is already on its way; a lost context is noted.
  (void)lane_.device.Check(
      lane_.device.driver().cuStreamSynchronize(lane_.stream),
      "cuStreamSynchronize");
  lane_.busy = false;
  lane_.plans.Clear();
}

void FreeCaches(Device& device) {
  LanePool& pool = PoolOf(device);
  {
    std::lock_guard<std::mutex> lock(pool.mutex);
    for (const auto& lane : pool.idle) lane->plans.Clear();
  }
  device.memory(MemoryKind::kDevice).FreeIdle();
  device.memory(MemoryKind::kPinned).FreeIdle();
}

DeviceUse::DeviceUse(Device& device) : device_(device) {
  LanePool& pool = PoolOf(device);
  std::lock_guard<std::mutex> lock(pool.mutex);
  ++pool.users;
}

DeviceUse::~DeviceUse() {
  bool last = false;
  {
    LanePool& pool = PoolOf(device_);
    std::lock_guard<std::mutex> lock(pool.mutex);
    last = --pool.users == 0;
  }
  if (!last) return;
  const ContextScope context(device_);
  if (context.current()) FreeCaches(device_);
}

}  // namespace cudnn_gru
