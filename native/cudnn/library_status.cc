#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

Remedy RemedyFor(FailureKind kind) {
  switch (kind) {
    case FailureKind::kTransient:
    case FailureKind::kMemory:
      return Remedy::kAgain;
    case FailureKind::kUnsupported:
      return Remedy::kAnotherWay;
    case FailureKind::kPermanent:
    case FailureKind::kSticky:
      break;
  }
  return Remedy::kNone;
}

// A failed library call.
struct FailedCall {
  const char* function;
  const char* name;  // of the error; null when the library does not know it
  int code;
  std::string text;           // the library's explanation; may be empty
  const KnownFailure* known;  // null when failures.h does not know the error
};

// Returns the message for `call`; `unknown` stands in for a missing name.
std::string MessageOf(const FailedCall& call, const char* unknown) {
  const char* name = call.name;
  if (name == nullptr && call.known != nullptr) name = call.known->name;
  std::string message = std::string("Expected ") + call.function +
                        " to succeed but received " +
                        (name == nullptr ? unknown : name) + " (" +
                        std::to_string(call.code) + ")";
  const std::string text = OneLine(call.text);
  if (!text.empty()) message += ": " + text;
  if (call.known != nullptr) {
    message += std::string(text.empty() ? ": " : "; ") + call.known->reason;
  }
  return WithoutFullStop(message) + ".";
}

}  // namespace

Status CudaStatus(const CudaDriver& driver, abi::CUresult result,
                  const char* function) {
  if (result == abi::CUDA_SUCCESS) return Status();
  const char* name = nullptr;
  const char* text = nullptr;
  driver.cuGetErrorName(result, &name);
  driver.cuGetErrorString(result, &text);
  const FailureKind kind = KindOf(result);
  return Status(kind == FailureKind::kMemory ? StatusCode::kOutOfMemory
                                             : StatusCode::kCuda,
                MessageOf({function, name, result, text == nullptr ? "" : text,
                           FindFailure(result)},
                          "an unknown CUDA error"),
                RemedyFor(kind));
}

Status CudnnStatus(const CudnnLibrary& cudnn, abi::cudnnStatus_t status,
                   const char* function, FailureKind* kind) {
  if (status == abi::CUDNN_STATUS_SUCCESS) return Status();
  std::string text;
  if (cudnn.cudnnGetLastErrorString != nullptr) {
    char buffer[1024] = "";
    cudnn.cudnnGetLastErrorString(buffer, sizeof buffer);
    buffer[sizeof buffer - 1] = '\0';
    text = buffer;
  }
  *kind = KindOf(status, text);
  return Status(*kind == FailureKind::kMemory ? StatusCode::kOutOfMemory
                                              : StatusCode::kCudnn,
                MessageOf({function, cudnn.cudnnGetErrorString(status), status,
                           text, FindFailure(status)},
                          "an unknown status"),
                RemedyFor(*kind));
}

Status CudnnStatus(const CudnnLibrary& cudnn, abi::cudnnStatus_t status,
                   const char* function) {
  FailureKind kind = FailureKind::kPermanent;
  return CudnnStatus(cudnn, status, function, &kind);
}

std::string WithoutFullStop(const std::string& message) {
  const bool has_full_stop = !message.empty() && message.back() == '.';
  return has_full_stop ? message.substr(0, message.size() - 1) : message;
}

}  // namespace cudnn_gru
