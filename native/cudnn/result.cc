#include "cudnn/result.h"

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

// What a function gave, and what is known about it.
struct Outcome {
  const char* function;
  const char* name;  // or null
  int code;
  std::string text;  // the library's; may be empty
  const KnownFailure* known;
};

std::string MessageOf(const Outcome& outcome, const char* unknown) {
  const char* name = outcome.name;
  if (name == nullptr && outcome.known != nullptr) name = outcome.known->name;
  std::string message = std::string("Expected ") + outcome.function +
                        " to succeed but received " +
                        (name == nullptr ? unknown : name) + " (" +
                        std::to_string(outcome.code) + ")";
  const std::string text = OneLine(outcome.text);
  if (!text.empty()) message += ": " + text;
  if (outcome.known != nullptr) {
    message += std::string(text.empty() ? ": " : "; ") + outcome.known->reason;
  }
  return message;
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
