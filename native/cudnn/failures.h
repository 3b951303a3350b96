#ifndef CUDNN_GRU_CUDNN_FAILURES_H_
#define CUDNN_GRU_CUDNN_FAILURES_H_

#include <string>

#include "cudnn/abi.h"

namespace cudnn_gru {

// What an error of the driver's or of cuDNN's means for what comes after it.
enum class FailureKind {
  kPermanent,    // it will be the same the next time
  kTransient,    // others use the device: it may succeed later
  kMemory,       // the same, and what was missing is memory
  kUnsupported,  // cuDNN does not do it in this way
  kSticky,       // the context is lost until the process ends
};

// An error with a meaning of its own; all others are permanent.
struct KnownFailure {
  int code;
  const char* name;
  FailureKind kind;
  const char* reason;  // continues a message
};

// Null for an error that has none.
const KnownFailure* FindFailure(abi::CUresult result);
const KnownFailure* FindFailure(abi::cudnnStatus_t status);

FailureKind KindOf(abi::CUresult result);
// `text` is what cudnnGetLastErrorString said: where it names an error of the
// CUDA runtime, as "err 2", that one counts.
FailureKind KindOf(abi::cudnnStatus_t status, const std::string& text);

// A text of several lines as one.
std::string OneLine(const std::string& text);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FAILURES_H_
