#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_HANDLE_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_HANDLE_H_

#include <atomic>

#include "api/cudnn_api.h"
#include "cuda/device.h"

struct cudnnContext {
  const doubles::DeviceInterface* device;
  void* context;  // the CUDA context that was current at cudnnCreate
  void* stream = nullptr;
  std::atomic<bool> busy{false};
};

namespace doubles {

// Holds a handle for one call. Aborts when the handle is not a living one, when
// another thread is inside a call with it, and when the calling thread's
// context is not the handle's.
class HandleUse {
 public:
  HandleUse(const char* function, cudnnHandle_t handle);
  ~HandleUse();
  HandleUse(const HandleUse&) = delete;
  HandleUse& operator=(const HandleUse&) = delete;

 private:
  cudnnHandle_t handle_;
};

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_HANDLE_H_
