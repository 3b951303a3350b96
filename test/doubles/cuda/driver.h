#ifndef CUDNN_GRU_TEST_DOUBLES_CUDA_DRIVER_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDA_DRIVER_H_

#include <mutex>

#include "api/cuda_driver_api.h"

// Declarations that the parts of the driver's double share.
namespace doubles {

// Held by every entry point: one thing happens at a time.
std::recursive_mutex& DriverLock();

// The CUresult of cuInit, without calling it; 3 before it was called.
int Initialized();
int DeviceCount();
int ComputeCapability(int device);
int DriverVersion();

// The calling thread's context, whose device works. Aborts when the thread has
// none: the caller forgot cuCtxSetCurrent. Gives a sticky error in `status`.
void* RequireContext(const char* function, CUresult* status);

}  // namespace doubles

// Opens an entry point: the lock, and the fault that a test injected.
#define DRIVER_ENTER()                                               \
  std::lock_guard<std::recursive_mutex> lock(doubles::DriverLock()); \
  if (const int fault = doubles::Enter(__func__))                    \
  return static_cast<CUresult>(fault)

// Also requires a context: `context`.
#define DRIVER_ENTER_CONTEXT()                            \
  DRIVER_ENTER();                                         \
  CUresult context_status = CUDA_SUCCESS;                 \
  [[maybe_unused]] void* const context =                  \
      doubles::RequireContext(__func__, &context_status); \
  if (context_status != CUDA_SUCCESS) return context_status

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDA_DRIVER_H_
