#ifndef CUDNN_GRU_TEST_DOUBLES_CUDA_DEVICE_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDA_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <functional>

// The functions that the double of cuDNN needs from the double of the driver.
// The real cuDNN has such a way in too: the runtime library linked into it.
namespace doubles {

// Runs on the device when the stream gets there; gives a CUresult, and any but
// 0 ruins the context.
using Work = std::function<int()>;

struct DeviceInterface {
  int (*initialized)();        // CUresult of cuInit
  int (*driver_version)();     // as cuDriverGetVersion gives it
  void* (*current_context)();  // of the calling thread, or null
  int (*sticky_error)(void* context);
  int (*compute_capability)(void* context);  // 90 for 9.0
  // Aborts unless `stream` is a living stream of `context`.
  void (*check_stream)(const char* function, void* stream, void* context);
  // Aborts unless the range lies in one living allocation of `context`.
  void (*check_range)(const char* function, const char* what, uint64_t address,
                      size_t bytes, void* context);
  // The memory behind the range, for work that runs on the device.
  char* (*translate)(const char* function, const char* what, uint64_t address,
                     size_t bytes, void* context);
  void (*enqueue)(void* stream, void* context, Work work);
  size_t (*bytes_left)();  // of device memory
};

constexpr char kDeviceInterfaceSymbol[] = "CudnnGruDoubleDevice";

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDA_DEVICE_H_
