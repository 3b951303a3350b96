#ifndef CUDNN_GRU_CUDNN_LIBRARY_STATUS_H_
#define CUDNN_GRU_CUDNN_LIBRARY_STATUS_H_

#include <string>

#include "core/status.h"
#include "cudnn/abi.h"
#include "cudnn/failures.h"
#include "cudnn/libraries.h"

// Returns from the function with the Status of `expression` when it failed.
#define CUDNN_GRU_RETURN_IF_ERROR(expression)           \
  do {                                                  \
    ::cudnn_gru::Status returned_status = (expression); \
    if (!returned_status.ok()) return returned_status;  \
  } while (false)

namespace cudnn_gru {

// Turns the result of a driver call into a Status: kOutOfMemory or kCuda. The
// message names the function, the error with its number, the driver's text and
// the reason that failures.h knows.
Status CudaStatus(const CudaDriver& driver, abi::CUresult result,
                  const char* function);

// Turns the result of a cuDNN call into a Status: kOutOfMemory or kCudnn. The
// message names the function, the status, cuDNN's own explanation and the
// reason that failures.h knows. cuDNN keeps its explanation for each thread
// until somebody reads it, so call this on the thread that made the call, right
// after it.
Status CudnnStatus(const CudnnLibrary& cudnn, abi::cudnnStatus_t status,
                   const char* function);
// Does the same, and also returns the kind of the failure.
Status CudnnStatus(const CudnnLibrary& cudnn, abi::cudnnStatus_t status,
                   const char* function, FailureKind* kind);

// Returns the message of a Status without its full stop, so that it can stand
// inside another sentence.
std::string WithoutFullStop(const std::string& message);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_LIBRARY_STATUS_H_
