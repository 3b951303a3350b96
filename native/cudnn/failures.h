#ifndef CUDNN_GRU_CUDNN_FAILURES_H_
#define CUDNN_GRU_CUDNN_FAILURES_H_

#include <string>

#include "cudnn/abi.h"

namespace cudnn_gru {

// How an error of the driver or of cuDNN affects later calls.
enum class FailureKind {
  kPermanent,    // The same call will fail again.
  kTransient,    // Others use the device, and the call may succeed later.
  kMemory,       // Memory is short, and the call may succeed later.
  kUnsupported,  // cuDNN does not support the call in this form.
  kSticky,       // The context is lost until the process ends.
};

// An error that has its own explanation. Errors without one are permanent.
struct KnownFailure {
  int code;
  const char* name;
  FailureKind kind;
  const char* reason;  // a clause that continues a message
};

// Return null for an error without an explanation.
const KnownFailure* FindFailure(abi::CUresult result);
const KnownFailure* FindFailure(abi::cudnnStatus_t status);

FailureKind KindOf(abi::CUresult result);
// `text` is cuDNN's explanation, from cudnnGetLastErrorString. When it names an
// error of the CUDA runtime, as in "err 2", that error decides the kind.
FailureKind KindOf(abi::cudnnStatus_t status, const std::string& text);

// Joins the lines of `text` into one line.
std::string OneLine(const std::string& text);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FAILURES_H_
