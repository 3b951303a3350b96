#include "cudnn/handle.h"

#include <dlfcn.h>

#include <mutex>
#include <set>

#include "cudnn/descriptors.h"
#include "cudnn/errors.h"

namespace doubles {
namespace {

std::mutex& Lock() {
  static std::mutex* mutex = new std::mutex;
  return *mutex;
}

std::set<cudnnHandle_t>& Alive() {
  static auto* alive = new std::set<cudnnHandle_t>;
  return *alive;
}

// The driver, opened as the runtime library inside the real cuDNN opens it;
// null where there is none.
const DeviceInterface* OpenDevice() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return nullptr;
  using Getter = const DeviceInterface* (*)();
  const auto getter =
      reinterpret_cast<Getter>(dlsym(driver, kDeviceInterfaceSymbol));
  if (getter == nullptr)
    Violation("cudnnCreate", "libcuda.so.1 is a real driver, not the double");
  return getter();
}

}  // namespace

HandleUse::HandleUse(const char* function, cudnnHandle_t handle)
    : handle_(handle) {
  {
    std::lock_guard<std::mutex> lock(Lock());
    if (Alive().count(handle) == 0)
      Violation(function, "%p is not a living handle",
                static_cast<void*>(handle));
  }
  if (handle->busy.exchange(true))
    Violation(function, "two threads use one handle at the same time");
  if (handle->device->current_context() != handle->context) {
    Violation(function,
              "the calling thread's context is not the one the handle was "
              "created in");
  }
}

HandleUse::~HandleUse() { handle_->busy = false; }

}  // namespace doubles

using doubles::Alive;
using doubles::Lock;

DOUBLE_EXPORT cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  CUDNN_ENTER();
  BAD_PARAM_IF(handle == nullptr);
  *handle = nullptr;
  const doubles::DeviceInterface* device = doubles::OpenDevice();
  const int runtime = static_cast<int>(cudnnGetCudartVersion());
  if (device == nullptr || device->initialized() != 0 ||
      device->driver_version() / 1000 < runtime / 1000) {
    return doubles::Fail(CUDNN_STATUS_NOT_INITIALIZED,
                         "cudaGetDeviceCount(&count) != cudaSuccess");
  }
  void* context = device->current_context();
  if (context == nullptr) {
    doubles::Violation(__func__, "the calling thread has no current context");
  }
  FAIL_IF(device->sticky_error(context) != 0, CUDNN_STATUS_NOT_INITIALIZED);
  // A full device has no room for a handle, and this is all that is said.
  const auto wanted =
      static_cast<size_t>(doubles::Option("handle_memory", 4096));
  FAIL_IF(device->bytes_left() < wanted, CUDNN_STATUS_NOT_INITIALIZED);
  *handle = new cudnnContext;
  (*handle)->device = device;
  (*handle)->context = context;
  std::lock_guard<std::mutex> lock(Lock());
  Alive().insert(*handle);
  doubles::Count("live.handles", 1);
  return CUDNN_STATUS_SUCCESS;
}

DOUBLE_EXPORT cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  CUDNN_ENTER();
  if (handle == nullptr) return CUDNN_STATUS_SUCCESS;
  {
    doubles::HandleUse use(__func__, handle);
  }
  std::lock_guard<std::mutex> lock(Lock());
  Alive().erase(handle);
  delete handle;
  doubles::Count("live.handles", -1);
  return CUDNN_STATUS_SUCCESS;
}

DOUBLE_EXPORT cudnnStatus_t cudnnSetStream(cudnnHandle_t handle,
                                           cudaStream_t stream) {
  CUDNN_ENTER();
  doubles::HandleUse use(__func__, handle);
  handle->device->check_stream(__func__, stream, handle->context);
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

DOUBLE_EXPORT cudnnStatus_t cudnnSetDropoutDescriptor(
    cudnnDropoutDescriptor_t descriptor, cudnnHandle_t handle, float dropout,
    void*, size_t, unsigned long long) {
  CUDNN_ENTER();
  doubles::HandleUse use(__func__, handle);
  doubles::CheckAlive(__func__, descriptor);
  BAD_PARAM_IF(!(dropout >= 0 && dropout <= 1));
  descriptor->dropout = dropout;
  return CUDNN_STATUS_SUCCESS;
}
