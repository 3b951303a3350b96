#include "cudnn/errors.h"

#include <cstdio>
#include <string>

namespace doubles {

const Library kLibrary = Library::kCudnn;

namespace {
thread_local std::string last_error;
}  // namespace

cudnnStatus_t Fail(cudnnStatus_t status, const char* condition) {
  last_error = condition;
  if (status / 1000 == CUDNN_STATUS_EXECUTION_FAILED / 1000)
    last_error += "\n at: err != cudaSuccess";
  return status;
}

}  // namespace doubles

DOUBLE_EXPORT const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (static_cast<int>(status)) {
    case 0:
      return "CUDNN_STATUS_SUCCESS";
    case 1001:
      return "CUDNN_STATUS_NOT_INITIALIZED";
    case 1002:
      return "CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH";
    case 2000:
      return "CUDNN_STATUS_BAD_PARAM";
    case 2002:
      return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case 2003:
      return "CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER";
    case 2006:
      return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
    case 3000:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case 3007:
      return "CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH";
    case 4000:
      return "CUDNN_STATUS_INTERNAL_ERROR";
    case 4003:
      return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
    case 4004:
      return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
    case 5000:
      return "CUDNN_STATUS_EXECUTION_FAILED";
    case 5002:
      return "CUDNN_STATUS_EXECUTION_FAILED_CUBLAS";
    case 5003:
      return "CUDNN_STATUS_EXECUTION_FAILED_CUDART";
    default:
      return "CUDNN_UNKNOWN_STATUS";
  }
}

// Of the calling thread, and gone once read, as in cuDNN 9.
DOUBLE_EXPORT void cudnnGetLastErrorString(char* message, size_t max_size) {
  if (message == nullptr || max_size == 0) return;
  std::snprintf(message, max_size, "%s", doubles::last_error.c_str());
  doubles::last_error.clear();
}
