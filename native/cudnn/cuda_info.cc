#include "cudnn/cuda_info.h"

#include "cudnn/libraries.h"

namespace cudnn_gru {
namespace {

// Returns the sentence that says why the driver is too old for this cuDNN, or
// an empty text. cuDNN itself would only report that it is not initialized.
std::string CheckDriverVersion() {
  const CudaDriver* const driver = FindCudaDriver().library;
  const CudnnLibrary* const cudnn = FindCudnn().library;
  int version = 0;
  if (driver == nullptr || cudnn == nullptr ||
      driver->cuDriverGetVersion(&version) != abi::CUDA_SUCCESS) {
    return "";
  }
  const size_t wanted = cudnn->cudart_version / 1000;
  if (static_cast<size_t>(version) / 1000 >= wanted) return "";
  return "The NVIDIA driver is too old for this cuDNN: cuDNN " +
         FindCudnn().version + " was built for CUDA " + std::to_string(wanted) +
         ", and the driver supports CUDA " + FindCudaDriver().version + ".";
}

}  // namespace

CudaInfo QueryCuda() {
  const Search<CudaDriver>& found = FindCudaDriver();
  CudaInfo info;
  info.may_change = found.may_change;
  info.reason = found.reason;
  info.driver = found.version;
  if (found.library == nullptr) return info;
  const CudaDriver& driver = *found.library;
  int count = 0;
  driver.cuDeviceGetCount(&count);
  for (int index = 0; index < count; ++index) {
    CudaDeviceInfo device;
    abi::CUdevice handle = 0;
    char name[256] = "";
    if (driver.cuDeviceGet(&handle, index) != abi::CUDA_SUCCESS) break;
    driver.cuDeviceGetName(name, sizeof name, handle);
    name[sizeof name - 1] = '\0';
    device.name = name;
    driver.cuDeviceGetAttribute(
        &device.major, abi::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
        handle);
    driver.cuDeviceGetAttribute(
        &device.minor, abi::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
        handle);
    driver.cuDeviceTotalMem_v2(&device.total_memory, handle);
    info.devices.push_back(device);
  }
  info.available = !info.devices.empty();
  if (!info.available) info.reason = "The CUDA driver finds no device.";
  return info;
}

CudnnInfo QueryCudnn() {
  const Search<CudnnLibrary>& found = FindCudnn();
  CudnnInfo info;
  info.reason = found.reason.empty() ? CheckDriverVersion() : found.reason;
  info.available = info.reason.empty();
  info.version = found.version;
  info.path = found.path;
  info.tried = found.tried;
  return info;
}

}  // namespace cudnn_gru
