#include "cudnn/failures.h"

#include <algorithm>
#include <cstdlib>

namespace cudnn_gru {
namespace {

constexpr FailureKind kPermanent = FailureKind::kPermanent;
constexpr FailureKind kTransient = FailureKind::kTransient;
constexpr FailureKind kMemory = FailureKind::kMemory;
constexpr FailureKind kSticky = FailureKind::kSticky;

#define CUDNN_GRU_FAILURE(name, kind, reason) {abi::name, #name, kind, reason}

constexpr KnownFailure kCudaFailures[] = {
    CUDNN_GRU_FAILURE(CUDA_ERROR_OUT_OF_MEMORY, kMemory,
                      "the device has no more memory to give"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_STUB_LIBRARY, kPermanent,
                      "the library is the toolkit's stub and no driver"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_DEVICE_UNAVAILABLE, kTransient,
                      "another process has the device alone (exclusive mode), "
                      "or it is busy"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_NO_DEVICE, kPermanent, "there is no device"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_NO_BINARY_FOR_GPU, kPermanent,
                      "this cuDNN has no kernel for this device"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_ECC_UNCORRECTABLE, kSticky,
                      "the device's memory has an error"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_NVLINK_UNCORRECTABLE, kSticky,
                      "a link between devices has an error"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_CONTAINED, kSticky,
                      "an error of the hardware was contained in this process"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_ILLEGAL_ADDRESS, kSticky,
                      "a kernel read or wrote where it must not"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_LAUNCH_TIMEOUT, kSticky,
                      "a kernel ran for too long"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_CONTEXT_IS_DESTROYED, kSticky,
                      "the context is gone"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_ASSERT, kSticky,
                      "a kernel's assertion failed"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_HARDWARE_STACK_ERROR, kSticky,
                      "a kernel's stack is broken"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_ILLEGAL_INSTRUCTION, kSticky,
                      "a kernel has an instruction that the device lacks"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_MISALIGNED_ADDRESS, kSticky,
                      "a kernel used an unaligned address"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_INVALID_ADDRESS_SPACE, kSticky,
                      "a kernel used an address of another kind of memory"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_INVALID_PC, kSticky,
                      "a kernel jumped where it must not"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_LAUNCH_FAILED, kSticky, "a kernel failed"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_TENSOR_MEMORY_LEAK, kSticky,
                      "a kernel did not give its tensor memory back"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_SYSTEM_NOT_READY, kPermanent,
                      "a service of the driver does not run"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, kPermanent,
                      "the driver's parts are of different versions"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, kPermanent,
                      "the forward-compatibility library does not support this "
                      "device"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_MPS_SERVER_NOT_READY, kTransient,
                      "the multi-process service is not ready yet"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_MPS_MAX_CLIENTS_REACHED, kTransient,
                      "the multi-process service has as many clients as it "
                      "takes"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED, kTransient,
                      "the multi-process service has as many connections as it "
                      "takes"),
    CUDNN_GRU_FAILURE(CUDA_ERROR_MPS_CLIENT_TERMINATED, kSticky,
                      "the multi-process service ended this process's work"),
};

constexpr KnownFailure kCudnnFailures[] = {
    // cuDNN also returns this when the driver is too old, but cuda_info.cc
    // compares the versions first.
    CUDNN_GRU_FAILURE(CUDNN_STATUS_NOT_INITIALIZED, kTransient,
                      "most often the device's memory is full"),
    CUDNN_GRU_FAILURE(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED,
                      kMemory, "the system has no more memory to give"),
    CUDNN_GRU_FAILURE(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED,
                      kMemory, "the device has no more memory to give"),
    // CUDA loads a kernel when it is first needed, which takes device memory.
    CUDNN_GRU_FAILURE(
        CUDNN_STATUS_EXECUTION_FAILED_CUBLAS, kTransient,
        "cuBLASLt could not start: most often the device's memory "
        "is full"),
    CUDNN_GRU_FAILURE(CUDNN_STATUS_EXECUTION_FAILED_CUDART, kTransient,
                      "a kernel could not be loaded or started"),
};

template <size_t n>
const KnownFailure* Find(const KnownFailure (&failures)[n], int code) {
  for (const KnownFailure& each : failures) {
    if (each.code == code) return &each;
  }
  return nullptr;
}

// Returns N when cuDNN's text contains "err N", else 0.
int RuntimeErrorIn(const std::string& text) {
  constexpr char kMark[] = "err ";
  for (size_t at = text.find(kMark); at != std::string::npos;
       at = text.find(kMark, at + 1)) {
    const bool word = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\n' ||
                      text[at - 1] == '(';
    const int error = std::atoi(text.c_str() + at + sizeof(kMark) - 1);
    if (word && error > 0) return error;
  }
  return 0;
}

}  // namespace

const KnownFailure* FindFailure(abi::CUresult result) {
  return Find(kCudaFailures, result);
}

const KnownFailure* FindFailure(abi::cudnnStatus_t status) {
  return Find(kCudnnFailures, status);
}

FailureKind KindOf(abi::CUresult result) {
  const KnownFailure* const known = FindFailure(result);
  return known == nullptr ? kPermanent : known->kind;
}

FailureKind KindOf(abi::cudnnStatus_t status, const std::string& text) {
  // The CUDA runtime and the driver use the same number for an error that both
  // have.
  const int runtime_error = RuntimeErrorIn(text);
  if (runtime_error != 0) {
    return KindOf(static_cast<abi::CUresult>(runtime_error));
  }
  if (status >= abi::CUDNN_STATUS_NOT_SUPPORTED &&
      status < abi::CUDNN_STATUS_INTERNAL_ERROR) {
    return FailureKind::kUnsupported;
  }
  const KnownFailure* const known = FindFailure(status);
  return known == nullptr ? kPermanent : known->kind;
}

std::string OneLine(const std::string& text) {
  std::string line;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const size_t first = text.find_first_not_of(" \t\r", begin);
    if (first < end) {
      const size_t last = text.find_last_not_of(" \t\r", end - 1);
      if (!line.empty()) line += "; ";
      line += text.substr(first, last + 1 - first);
    }
    begin = end + 1;
  }
  return line;
}

}  // namespace cudnn_gru
