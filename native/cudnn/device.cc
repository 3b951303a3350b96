#include "cudnn/device.h"

#include <algorithm>
#include <map>
#include <new>

#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

// Limits of the idle memory that is kept in addition to the memory that the
// last calls used: an eighth of the device's memory, and so much pinned memory.
constexpr size_t kIdleDeviceFraction = 8;
constexpr size_t kIdlePinnedBytes = static_cast<size_t>(1) << 30;

Status Unavailable(const std::string& reason) {
  return Status(StatusCode::kCudnnUnavailable, reason);
}

struct Devices {
  std::mutex mutex;
  std::map<size_t, Device*> made;
};

Devices& AllDevices() {
  static auto* const devices = new Devices();
  return *devices;
}

}  // namespace

Status Device::Get(size_t index, Device** device) {
  Devices& devices = AllDevices();
  std::lock_guard<std::mutex> lock(devices.mutex);
  const auto found = devices.made.find(index);
  if (found != devices.made.end()) {
    *device = found->second;
    return Status();
  }
  const CudaDriver* const driver = FindCudaDriver().library;
  if (driver == nullptr) return Unavailable(FindCudaDriver().reason);
  int count = 0;
  CUDNN_GRU_RETURN_IF_ERROR(CudaStatus(
      *driver, driver->cuDeviceGetCount(&count), "cuDeviceGetCount"));
  if (index >= static_cast<size_t>(std::max(count, 0))) {
    return Unavailable("There is no CUDA device " + std::to_string(index) +
                       ": the driver shows " + std::to_string(count) + ".");
  }
  const CudnnLibrary* const cudnn = FindCudnn().library;
  if (cudnn == nullptr) return Unavailable(FindCudnn().reason);
  abi::CUdevice handle = 0;
  size_t memory = 0;
  abi::CUcontext context = nullptr;
  CUDNN_GRU_RETURN_IF_ERROR(
      CudaStatus(*driver, driver->cuDeviceGet(&handle, static_cast<int>(index)),
                 "cuDeviceGet"));
  CUDNN_GRU_RETURN_IF_ERROR(
      CudaStatus(*driver, driver->cuDeviceTotalMem_v2(&memory, handle),
                 "cuDeviceTotalMem"));
  CUDNN_GRU_RETURN_IF_ERROR(
      CudaStatus(*driver, driver->cuDevicePrimaryCtxRetain(&context, handle),
                 "cuDevicePrimaryCtxRetain"));
  *device = new Device(index, *driver, *cudnn, context, memory);
  devices.made.emplace(index, *device);
  return Status();
}

Device::Device(size_t index, const CudaDriver& driver,
               const CudnnLibrary& cudnn, abi::CUcontext context,
               size_t total_memory)
    : index_(index),
      driver_(driver),
      cudnn_(cudnn),
      context_(context),
      device_memory_(driver, MemoryKind::kDevice,
                     total_memory / kIdleDeviceFraction),
      pinned_memory_(driver, MemoryKind::kPinned, kIdlePinnedBytes) {}

Status Device::Check(abi::CUresult result, const char* function) const {
  if (result == abi::CUDA_SUCCESS) return Status();
  const Status status = CudaStatus(driver_, result, function);
  if (KindOf(result) != FailureKind::kSticky) return status;
  NoteLoss(status.message());
  return CheckUsable();
}

Status Device::Check(abi::cudnnStatus_t status, const char* function) const {
  if (status == abi::CUDNN_STATUS_SUCCESS) return Status();
  FailureKind kind = FailureKind::kPermanent;
  const Status failure = CudnnStatus(cudnn_, status, function, &kind);
  if (kind != FailureKind::kSticky) return failure;
  NoteLoss(failure.message());
  return CheckUsable();
}

void Device::NoteLoss(const std::string& message) const {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (loss_.empty()) loss_ = WithoutFullStop(message);
  }
  lost_.store(true, std::memory_order_release);
}

std::string Device::FreeMemoryText() const {
  size_t free_bytes = 0;
  size_t total_bytes = 0;
  if (driver_.cuMemGetInfo_v2(&free_bytes, &total_bytes) != abi::CUDA_SUCCESS) {
    return "";
  }
  return ": " + std::to_string(free_bytes >> 20) + " of " +
         std::to_string(total_bytes >> 20) + " MiB are free";
}

Status Device::CheckUsable() const {
  if (!lost_.load(std::memory_order_acquire)) return Status();
  std::lock_guard<std::mutex> lock(mutex_);
  return Status(StatusCode::kCuda,
                "CUDA device " + std::to_string(index_) +
                    " cannot be used any more in this process: " + loss_ +
                    ". Only a restart of the process helps.");
}

ContextScope::ContextScope(Device& device) : device_(device) {
  const CudaDriver& driver = device.driver();
  // The previous context must be known to be made current again.
  status_ = device.Check(driver.cuCtxGetCurrent(&previous_), "cuCtxGetCurrent");
  if (status_.ok() && previous_ != device.context_) {
    status_ = device.Check(driver.cuCtxSetCurrent(device.context_),
                           "cuCtxSetCurrent");
  }
  current_ = status_.ok();
  if (current_) status_ = device.CheckUsable();
}

ContextScope::~ContextScope() {
  if (current_ && previous_ != device_.context_) {
    device_.driver().cuCtxSetCurrent(previous_);
  }
}

Status DeviceBuffer::Allocate(Device& device, MemoryKind kind, size_t bytes) {
  Free();
  MemoryPool& pool = device.memory(kind);
  const abi::CUresult result =
      pool.Acquire(std::max<size_t>(bytes, 1), &block_);
  if (result == abi::CUDA_ERROR_OUT_OF_MEMORY) {
    return Status(StatusCode::kOutOfMemory,
                  "Expected " + std::to_string(bytes) + " bytes of " +
                      (kind == MemoryKind::kDevice ? "memory on CUDA device "
                                                   : "pinned memory for "
                                                     "CUDA device ") +
                      std::to_string(device.index()) +
                      " but received none: it has no more to give.",
                  Remedy::kAgain);
  }
  CUDNN_GRU_RETURN_IF_ERROR(device.Check(
      result, kind == MemoryKind::kDevice ? "cuMemAlloc" : "cuMemAllocHost"));
  device_ = &device;
  pool_ = &pool;
  return Status();
}

void DeviceBuffer::Free() {
  if (pool_ == nullptr) return;
  const ContextScope context(*device_);
  pool_->Release(block_, context.current() ? ContextState::kCurrent
                                           : ContextState::kNotCurrent);
  pool_ = nullptr;
  block_ = MemoryPool::Block();
}

}  // namespace cudnn_gru
