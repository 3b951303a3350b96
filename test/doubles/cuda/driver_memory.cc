#include <cstring>

#include "cuda/driver.h"
#include "cuda/memory.h"
#include "cuda/streams.h"
#include "support/control.h"

// The double of libcuda.so.1: memory and copies.

using doubles::Count;
using doubles::Enqueue;
using doubles::Enter;
using doubles::Translate;
using doubles::Violation;

namespace {

enum class Direction { kToDevice, kToHost };

// A copy between host and device in the order of `stream`. As in CUDA: from
// and to pinned memory it happens later; from other memory the caller may
// change it at once, and into other memory it is done on return.
CUresult CopyInOrder(const char* function, Direction direction,
                     CUdeviceptr device, void* host, size_t bytes, void* stream,
                     void* context) {
  doubles::CheckStream(function, stream, context);
  if (bytes == 0) return CUDA_SUCCESS;
  Translate(function, "the device side", device, bytes, context);
  const bool pinned = doubles::IsPinned(function, host, bytes);
  if (!pinned) {
    Count("copies.pageable", 1);
    const int status = doubles::Drain(stream, context);
    if (status != 0) return static_cast<CUresult>(status);
  }
  const bool to_device = direction == Direction::kToDevice;
  Count(to_device ? "copies.to_device_bytes" : "copies.to_host_bytes",
        static_cast<int64_t>(bytes));
  if (pinned) doubles::UsePinned(host);
  auto copy = [=] {
    char* memory =
        Translate(function, "the device side", device, bytes, context);
    if (to_device) {
      std::memcpy(memory, host, bytes);
    } else {
      std::memcpy(host, memory, bytes);
    }
    if (pinned) doubles::UnusePinned(host);
    return 0;
  };
  if (pinned) {
    Enqueue(stream, context, copy);
  } else {
    copy();
  }
  return CUDA_SUCCESS;
}

}  // namespace

DOUBLE_EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
  DRIVER_ENTER_CONTEXT();
  *address = doubles::AllocateDevice(__func__, bytes, context);
  return *address == 0 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}

// Frees after all work, as the real one does.
DOUBLE_EXPORT CUresult cuMemFree_v2(CUdeviceptr address) {
  DRIVER_ENTER_CONTEXT();
  if (address == 0) return CUDA_SUCCESS;
  doubles::DrainAll(context);
  doubles::FreeDevice(__func__, address, context);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemAllocAsync(CUdeviceptr* address, size_t bytes,
                                       CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::CheckStream(__func__, stream, context);
  *address = doubles::AllocateDevice(__func__, bytes, context);
  return *address == 0 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::CheckStream(__func__, stream, context);
  Enqueue(stream, context, [=] {
    doubles::FreeDevice("cuMemFreeAsync", address, context);
    return 0;
  });
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemGetInfo_v2(size_t* free_bytes,
                                       size_t* total_bytes) {
  DRIVER_ENTER_CONTEXT();
  *free_bytes = doubles::DeviceBytesLeft();
  *total_bytes = doubles::DeviceBytesInAll();
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemAllocHost_v2(void** address, size_t bytes) {
  DRIVER_ENTER_CONTEXT();
  if (bytes == 0) Violation(__func__, "0 bytes were asked for");
  *address = doubles::AllocatePinned(bytes);
  return *address == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemHostAlloc(void** address, size_t bytes,
                                      unsigned int) {
  DRIVER_ENTER_CONTEXT();
  if (bytes == 0) Violation(__func__, "0 bytes were asked for");
  *address = doubles::AllocatePinned(bytes);
  return *address == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemFreeHost(void* address) {
  DRIVER_ENTER_CONTEXT();
  doubles::FreePinned(__func__, address);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from,
                                            size_t bytes, CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  return CopyInOrder(__func__, Direction::kToDevice, to,
                     const_cast<void*>(from), bytes, stream, context);
}

DOUBLE_EXPORT CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from,
                                            size_t bytes, CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  return CopyInOrder(__func__, Direction::kToHost, from, to, bytes, stream,
                     context);
}

DOUBLE_EXPORT CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from,
                                       size_t bytes) {
  DRIVER_ENTER_CONTEXT();
  return CopyInOrder(__func__, Direction::kToDevice, to,
                     const_cast<void*>(from), bytes, nullptr, context);
}

DOUBLE_EXPORT CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from,
                                       size_t bytes) {
  DRIVER_ENTER_CONTEXT();
  return CopyInOrder(__func__, Direction::kToHost, from, to, bytes, nullptr,
                     context);
}

DOUBLE_EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from,
                                            size_t bytes, CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::CheckStream(__func__, stream, context);
  if (bytes == 0) return CUDA_SUCCESS;
  Translate(__func__, "the destination", to, bytes, context);
  Translate(__func__, "the source", from, bytes, context);
  if (to < from + bytes && from < to + bytes)
    Violation(__func__, "source and destination overlap");
  Enqueue(stream, context, [=] {
    const char* name = "cuMemcpyDtoDAsync_v2";
    std::memcpy(Translate(name, "the destination", to, bytes, context),
                Translate(name, "the source", from, bytes, context), bytes);
    return 0;
  });
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from,
                                       size_t bytes) {
  DRIVER_ENTER();
  return cuMemcpyDtoDAsync_v2(to, from, bytes, nullptr);
}

DOUBLE_EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value,
                                       size_t bytes, CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::CheckStream(__func__, stream, context);
  if (bytes == 0) return CUDA_SUCCESS;
  Translate(__func__, "the destination", to, bytes, context);
  Enqueue(stream, context, [=] {
    std::memset(
        Translate("cuMemsetD8Async", "the destination", to, bytes, context),
        value, bytes);
    return 0;
  });
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value,
                                     size_t bytes) {
  DRIVER_ENTER();
  return cuMemsetD8Async(to, value, bytes, nullptr);
}
