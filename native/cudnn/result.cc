#include "cudnn/result.h"

namespace cudnn_gru {

Status CudaStatus(const CudaDriver& driver, abi::CUresult result,
                  const char* function) {
  if (result == abi::CUDA_SUCCESS) return Status();
  const char* name = nullptr;
  const char* text = nullptr;
  driver.cuGetErrorName(result, &name);
  driver.cuGetErrorString(result, &text);
  std::string message = std::string("Expected ") + function +
                        " to succeed but received " +
                        (name == nullptr ? "an unknown CUDA error" : name) +
                        " (" + std::to_string(static_cast<int>(result)) + ")";
  if (text != nullptr) message += std::string(": ") + text;
  return Status(result == abi::CUDA_ERROR_OUT_OF_MEMORY
                    ? StatusCode::kOutOfMemory
                    : StatusCode::kCuda,
                message);
}

Status CudnnStatus(const CudnnLibrary& cudnn, abi::cudnnStatus_t status,
                   const char* function) {
  if (status == abi::CUDNN_STATUS_SUCCESS) return Status();
  const char* const name = cudnn.cudnnGetErrorString(status);
  std::string message = std::string("Expected ") + function +
                        " to succeed but received " +
                        (name == nullptr ? "an unknown status" : name) + " (" +
                        std::to_string(static_cast<int>(status)) + ")";
  if (cudnn.cudnnGetLastErrorString != nullptr) {
    char text[512] = "";
    cudnn.cudnnGetLastErrorString(text, sizeof text);
    text[sizeof text - 1] = '\0';
    if (text[0] != '\0') message += std::string(": ") + text;
  }
  const bool no_memory =
      status == abi::CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
      status == abi::CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
  return Status(no_memory ? StatusCode::kOutOfMemory : StatusCode::kCudnn,
                message);
}

bool IsSticky(abi::CUresult result) {
  switch (result) {
    case abi::CUDA_ERROR_ECC_UNCORRECTABLE:
    case abi::CUDA_ERROR_ILLEGAL_ADDRESS:
    case abi::CUDA_ERROR_LAUNCH_TIMEOUT:
    case abi::CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case abi::CUDA_ERROR_ASSERT:
    case abi::CUDA_ERROR_HARDWARE_STACK_ERROR:
    case abi::CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case abi::CUDA_ERROR_MISALIGNED_ADDRESS:
    case abi::CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case abi::CUDA_ERROR_INVALID_PC:
    case abi::CUDA_ERROR_LAUNCH_FAILED:
      return true;
    default:
      return false;
  }
}

Status MakeTensorDescriptor(const CudnnLibrary& cudnn, TensorDescriptor* made) {
  return made->Make(cudnn, cudnn.cudnnCreateTensorDescriptor,
                    cudnn.cudnnDestroyTensorDescriptor,
                    "cudnnCreateTensorDescriptor");
}

Status MakeRnnDescriptor(const CudnnLibrary& cudnn, RnnDescriptor* made) {
  return made->Make(cudnn, cudnn.cudnnCreateRNNDescriptor,
                    cudnn.cudnnDestroyRNNDescriptor,
                    "cudnnCreateRNNDescriptor");
}

Status MakeRnnDataDescriptor(const CudnnLibrary& cudnn,
                             RnnDataDescriptor* made) {
  return made->Make(cudnn, cudnn.cudnnCreateRNNDataDescriptor,
                    cudnn.cudnnDestroyRNNDataDescriptor,
                    "cudnnCreateRNNDataDescriptor");
}

}  // namespace cudnn_gru
