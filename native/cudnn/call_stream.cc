#include "cudnn/call_stream.h"

#include <map>
#include <mutex>
#include <utility>

#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

// The idle streams of one device, and the number of its users.
struct CallStreamPool {
  std::mutex mutex;
  std::vector<std::unique_ptr<CallStream>> idle;
  size_t users = 0;
};

// The pools are never destroyed, like the streams.
CallStreamPool& PoolOf(const Device& device) {
  static auto* const mutex = new std::mutex();
  static auto* const pools = new std::map<const Device*, CallStreamPool>();
  std::lock_guard<std::mutex> lock(*mutex);
  return (*pools)[&device];
}

abi::CUdeviceptr Address(const char* data) {
  return reinterpret_cast<abi::CUdeviceptr>(data);
}

Status Open(CallStream* stream) {
  Device& device = stream->device;
  const CudnnLibrary& cudnn = device.cudnn();
  CUDNN_GRU_RETURN_IF_ERROR(
      device.Check(device.driver().cuStreamCreate(&stream->cuda_stream,
                                                  abi::CU_STREAM_NON_BLOCKING),
                   "cuStreamCreate"));
  const Status created =
      device.Check(cudnn.cudnnCreate(&stream->handle), "cudnnCreate");
  if (created.remedy() == Remedy::kAgain) {
    return Status(
        created.code(),
        WithoutFullStop(created.message()) + device.FreeMemoryText() + ".",
        Remedy::kAgain);
  }
  CUDNN_GRU_RETURN_IF_ERROR(created);
  return device.Check(cudnn.cudnnSetStream(stream->handle, stream->cuda_stream),
                      "cudnnSetStream");
}

void Discard(CallStream* stream) {
  Device& device = stream->device;
  if (stream->handle != nullptr) device.cudnn().cudnnDestroy(stream->handle);
  if (stream->cuda_stream != nullptr) {
    device.driver().cuStreamDestroy_v2(stream->cuda_stream);
  }
}

}  // namespace

Status CallStream::Upload(char* to, const char* from, size_t bytes) {
  if (bytes == 0) return Status();
  busy = true;
  return device.Check(device.driver().cuMemcpyHtoDAsync_v2(Address(to), from,
                                                           bytes, cuda_stream),
                      "cuMemcpyHtoDAsync");
}

Status CallStream::Download(char* to, const char* from, size_t bytes) {
  if (bytes == 0) return Status();
  busy = true;
  return device.Check(device.driver().cuMemcpyDtoHAsync_v2(to, Address(from),
                                                           bytes, cuda_stream),
                      "cuMemcpyDtoHAsync");
}

Status CallStream::Zero(char* to, size_t bytes) {
  if (bytes == 0) return Status();
  busy = true;
  return device.Check(
      device.driver().cuMemsetD8Async(Address(to), 0, bytes, cuda_stream),
      "cuMemsetD8Async");
}

std::vector<abi::CUevent>& CallStream::Events() {
  return waiting == Waiting::kAsleep ? events_asleep_ : events_awake_;
}

Status CallStream::Mark(size_t number) {
  std::vector<abi::CUevent>& events = Events();
  const unsigned int flags =
      abi::CU_EVENT_DISABLE_TIMING |
      (waiting == Waiting::kAsleep ? abi::CU_EVENT_BLOCKING_SYNC : 0);
  while (events.size() <= number) {
    abi::CUevent event = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(device.Check(
        device.driver().cuEventCreate(&event, flags), "cuEventCreate"));
    events.push_back(event);
  }
  return device.Check(
      device.driver().cuEventRecord(events[number], cuda_stream),
      "cuEventRecord");
}

Status CallStream::WaitFor(size_t number) {
  return device.Check(device.driver().cuEventSynchronize(Events()[number]),
                      "cuEventSynchronize");
}

Status CallStream::Synchronize() {
  // cuStreamSynchronize would keep a CPU core busy while it waits.
  if (waiting == Waiting::kAsleep) {
    CUDNN_GRU_RETURN_IF_ERROR(Mark(0));
    CUDNN_GRU_RETURN_IF_ERROR(WaitFor(0));
  } else {
    CUDNN_GRU_RETURN_IF_ERROR(
        device.Check(device.driver().cuStreamSynchronize(cuda_stream),
                     "cuStreamSynchronize"));
  }
  busy = false;
  descriptors.EndCall();
  return Status();
}

Status CallStream::FindDescriptors(const RnnSettings& settings,
                                   const Chunking& chunks, const Chunk& chunk,
                                   abi::cudnnForwardMode_t mode,
                                   DescriptorSet** found) {
  const DescriptorSet::Key key = {settings, chunk.algorithm,
                                  static_cast<int>(chunk.rows),
                                  static_cast<int>(chunk.timesteps), mode};
  return descriptors.Find(device, handle, key,
                          chunks.chunk_lengths.data() + chunk.first_row, found);
}

Status CallStream::Launch(DescriptorSet* descriptors, LaunchStep step,
                          const LaunchGraphs::Addresses& addresses,
                          GraphTrial* trial,
                          const std::function<Status()>& launch) {
  busy = true;
  const DescriptorSet::Key& key = descriptors->key();
  // Other algorithms launch only a few kernels.
  if (key.algorithm.id != abi::CUDNN_RNN_ALGO_STANDARD ||
      descriptors->graph_size() > kLargestGraph ||
      (trial == nullptr &&
       !device.graphs().Admits(key.settings.data_type, key.settings.kind()))) {
    return launch();
  }
  bool replayed = false;
  const Status status = descriptors->graphs(step).Run(
      device, cuda_stream, addresses, trial, launch, &replayed);
  if (replayed) clock.CountReplay();
  return status;
}

Status CallStreamLease::Acquire() {
  CallStreamPool& pool = PoolOf(device_);
  // The lock is held while a handle is made, so that one is made at a time: the
  // first one loads the parts that all share.
  std::lock_guard<std::mutex> lock(pool.mutex);
  if (!pool.idle.empty()) {
    stream_ = std::move(pool.idle.back());
    pool.idle.pop_back();
    return Status();
  }
  auto stream = std::make_unique<CallStream>(device_);
  const Status status = Open(stream.get());
  if (status.ok()) {
    stream_ = std::move(stream);
  } else {
    Discard(stream.get());
  }
  return status;
}

CallStreamLease::~CallStreamLease() {
  if (stream_ == nullptr) return;
  CallStreamPool& pool = PoolOf(device_);
  std::lock_guard<std::mutex> lock(pool.mutex);
  pool.idle.push_back(std::move(stream_));
}

StreamDrain::~StreamDrain() {
  if (!stream_.busy) return;
  // The call already returns the status of its failure. Check only notes
  // whether the context is lost.
  (void)stream_.device.Check(
      stream_.device.driver().cuStreamSynchronize(stream_.cuda_stream),
      "cuStreamSynchronize");
  stream_.busy = false;
  stream_.descriptors.Clear();
}

void FreeCaches(Device& device) {
  CallStreamPool& pool = PoolOf(device);
  {
    std::lock_guard<std::mutex> lock(pool.mutex);
    for (const auto& stream : pool.idle) stream->descriptors.Clear();
  }
  device.memory(MemoryKind::kDevice).FreeIdle();
  device.memory(MemoryKind::kPinned).FreeIdle();
}

DeviceUse::DeviceUse(Device& device) : device_(device) {
  CallStreamPool& pool = PoolOf(device);
  std::lock_guard<std::mutex> lock(pool.mutex);
  ++pool.users;
}

DeviceUse::~DeviceUse() {
  bool last = false;
  {
    CallStreamPool& pool = PoolOf(device_);
    std::lock_guard<std::mutex> lock(pool.mutex);
    last = --pool.users == 0;
  }
  if (!last) return;
  const ContextScope context(device_);
  if (context.current()) FreeCaches(device_);
}

}  // namespace cudnn_gru
