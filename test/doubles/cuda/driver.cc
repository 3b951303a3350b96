#include "cuda/driver.h"

#include <cstdlib>
#include <cstring>

#include "cuda/device.h"
#include "cuda/graphs.h"
#include "cuda/memory.h"
#include "cuda/streams.h"
#include "support/control.h"

// The double of libcuda.so.1: initialisation, devices and contexts, and what
// the double of cuDNN reaches it through.
namespace doubles {

const Library kLibrary = Library::kCuda;

namespace {

int initialized = CUDA_ERROR_NOT_INITIALIZED;
thread_local void* current = nullptr;
int retained[8];

void* CurrentContext() { return current; }

int CapabilityOfContext(void* context) {
  return ComputeCapability(DeviceOf(context));
}

int StickyLocked(void* context) {
  std::lock_guard<std::recursive_mutex> lock(DriverLock());
  return StickyError(context);
}

size_t BytesLeftLocked() {
  std::lock_guard<std::recursive_mutex> lock(DriverLock());
  return DeviceBytesLeft();
}

void CheckStreamLocked(const char* function, void* stream, void* context) {
  std::lock_guard<std::recursive_mutex> lock(DriverLock());
  CheckStream(function, stream, context);
}

void CheckRange(const char* function, const char* what, uint64_t address,
                size_t bytes, void* context) {
  std::lock_guard<std::recursive_mutex> lock(DriverLock());
  Translate(function, what, address, bytes, context);
}

// Work of the double of cuDNN is a kernel, and can be made to fail as one.
void EnqueueKernel(void* stream, void* context, Work work) {
  std::lock_guard<std::recursive_mutex> lock(DriverLock());
  Enqueue(stream, context, [work = std::move(work)] {
    if (const int fault = Enter("kernel")) return fault;
    return work();
  });
}

}  // namespace

std::recursive_mutex& DriverLock() {
  static std::recursive_mutex* mutex = new std::recursive_mutex;
  return *mutex;
}

int Initialized() { return initialized; }

// No visible device, as the real driver reads the variable.
int DeviceCount() {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible != nullptr &&
      (*visible == '\0' || std::strcmp(visible, "-1") == 0))
    return 0;
  return static_cast<int>(Option("devices", 1));
}

int ComputeCapability(int) { return static_cast<int>(Option("compute", 90)); }

int DriverVersion() { return static_cast<int>(Option("driver", 13000)); }

void* RequireContext(const char* function, CUresult* status) {
  if (initialized != CUDA_SUCCESS) {
    *status = static_cast<CUresult>(CUDA_ERROR_NOT_INITIALIZED);
    return nullptr;
  }
  if (current == nullptr)
    Violation(function, "the calling thread has no current context");
  CheckCapture(function);
  *status = static_cast<CUresult>(StickyError(current));
  return current;
}

}  // namespace doubles

using doubles::Enter;
using doubles::Violation;

#define REQUIRE_INITIALIZED() \
  if (doubles::Initialized() != CUDA_SUCCESS) return CUDA_ERROR_NOT_INITIALIZED
#define REQUIRE_DEVICE(device)                            \
  REQUIRE_INITIALIZED();                                  \
  if ((device) < 0 || (device) >= doubles::DeviceCount()) \
  return CUDA_ERROR_INVALID_DEVICE

DOUBLE_EXPORT CUresult cuInit(unsigned int flags) {
  DRIVER_ENTER();
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  int status = static_cast<int>(doubles::Option("init", 0));
  if (status == 0 && doubles::DeviceCount() == 0) status = CUDA_ERROR_NO_DEVICE;
  doubles::initialized = status;
  return static_cast<CUresult>(status);
}

DOUBLE_EXPORT CUresult cuDriverGetVersion(int* version) {
  DRIVER_ENTER();
  *version = doubles::DriverVersion();
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuGetErrorName(CUresult error, const char** text) {
  DRIVER_ENTER();
  static const struct {
    int value;
    const char* name;
  } kNames[] = {{0, "CUDA_SUCCESS"},
                {1, "CUDA_ERROR_INVALID_VALUE"},
                {2, "CUDA_ERROR_OUT_OF_MEMORY"},
                {3, "CUDA_ERROR_NOT_INITIALIZED"},
                {34, "CUDA_ERROR_STUB_LIBRARY"},
                {46, "CUDA_ERROR_DEVICE_UNAVAILABLE"},
                {100, "CUDA_ERROR_NO_DEVICE"},
                {220, "CUDA_ERROR_NVLINK_UNCORRECTABLE"},
                {226, "CUDA_ERROR_CONTAINED"},
                {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                {719, "CUDA_ERROR_LAUNCH_FAILED"},
                {721, "CUDA_ERROR_TENSOR_MEMORY_LEAK"},
                {802, "CUDA_ERROR_SYSTEM_NOT_READY"},
                {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
                {810, "CUDA_ERROR_MPS_CLIENT_TERMINATED"},
                {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
                {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
                {999, "CUDA_ERROR_UNKNOWN"}};
  *text = nullptr;
  for (const auto& one : kNames)
    if (one.value == static_cast<int>(error)) *text = one.name;
  return *text == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuGetErrorString(CUresult error, const char** text) {
  const CUresult status = cuGetErrorName(error, text);
  if (status == CUDA_SUCCESS) *text = "a text by the test double\nof two lines";
  return status;
}

DOUBLE_EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  DRIVER_ENTER();
  REQUIRE_DEVICE(ordinal);
  *device = ordinal;
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuDeviceGetCount(int* count) {
  DRIVER_ENTER();
  REQUIRE_INITIALIZED();
  *count = doubles::DeviceCount();
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuDeviceGetName(char* name, int length,
                                       CUdevice device) {
  DRIVER_ENTER();
  REQUIRE_DEVICE(device);
  if (length <= 0) return CUDA_ERROR_INVALID_VALUE;
  std::strncpy(name, "Test double of a GPU", static_cast<size_t>(length));
  name[length - 1] = '\0';
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuDeviceGetAttribute(int* value,
                                            CUdevice_attribute attribute,
                                            CUdevice device) {
  DRIVER_ENTER();
  REQUIRE_DEVICE(device);
  switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
      *value = 1;
      return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      *value = doubles::ComputeCapability(device) / 10;
      return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      *value = doubles::ComputeCapability(device) % 10;
      return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED:
      *value = 1;
      return CUDA_SUCCESS;
    default:
      Violation(__func__, "the double does not know attribute %d", attribute);
  }
}

DOUBLE_EXPORT CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
  DRIVER_ENTER();
  REQUIRE_DEVICE(device);
  *bytes = doubles::DeviceBytesInAll();
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext* context,
                                                CUdevice device) {
  DRIVER_ENTER();
  REQUIRE_DEVICE(device);
  ++doubles::retained[device];
  doubles::Count("live.primary_contexts", 1);
  *context = static_cast<CUcontext>(doubles::ContextOf(device));
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  DRIVER_ENTER();
  REQUIRE_DEVICE(device);
  if (--doubles::retained[device] < 0)
    Violation(__func__, "the primary context is not retained");
  doubles::Count("live.primary_contexts", -1);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuCtxSetCurrent(CUcontext context) {
  DRIVER_ENTER();
  REQUIRE_INITIALIZED();
  if (context != nullptr) {
    if (!doubles::IsContext(context))
      Violation(__func__, "the argument is not a context");
    if (doubles::retained[doubles::DeviceOf(context)] == 0)
      Violation(__func__, "the primary context is not retained");
  }
  doubles::current = context;
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuCtxGetCurrent(CUcontext* context) {
  DRIVER_ENTER();
  REQUIRE_INITIALIZED();
  *context = static_cast<CUcontext>(doubles::current);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuCtxSynchronize(void) {
  DRIVER_ENTER_CONTEXT();
  return static_cast<CUresult>(doubles::DrainAll(context));
}

DOUBLE_EXPORT const doubles::DeviceInterface* CudnnGruDoubleDevice() {
  static const doubles::DeviceInterface kInterface = {
      doubles::Initialized,         doubles::DriverVersion,
      doubles::CurrentContext,      doubles::StickyLocked,
      doubles::CapabilityOfContext, doubles::CheckStreamLocked,
      doubles::CheckRange,          doubles::Translate,
      doubles::EnqueueKernel,       doubles::BytesLeftLocked};
  return &kInterface;
}
