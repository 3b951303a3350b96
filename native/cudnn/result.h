#ifndef CUDNN_GRU_CUDNN_RESULT_H_
#define CUDNN_GRU_CUDNN_RESULT_H_

#include <string>

#include "core/status.h"
#include "cudnn/abi.h"
#include "cudnn/failures.h"
#include "cudnn/libraries.h"

// Leaves the function with the Status of a failed expression.
#define CUDNN_GRU_RETURN_IF_ERROR(expression)           \
  do {                                                  \
    ::cudnn_gru::Status returned_status = (expression); \
    if (!returned_status.ok()) return returned_status;  \
  } while (false)

namespace cudnn_gru {

// The Status of a driver call: kOutOfMemory, or kCuda, with the function, the
// error's name and number, the driver's text, and the remedy that failures.h
// knows.
Status CudaStatus(const CudaDriver& driver, abi::CUresult result,
                  const char* function);

// The Status of a cuDNN call: kOutOfMemory, or kCudnn, with the function, the
// status, cuDNN's own words on what was wrong, and the remedy. cuDNN keeps
// those for each thread until they are read: to be called on the thread that
// made the call, right after it.
Status CudnnStatus(const CudnnLibrary& cudnn, abi::cudnnStatus_t status,
                   const char* function);
// The same, and what kind of failure it is.
Status CudnnStatus(const CudnnLibrary& cudnn, abi::cudnnStatus_t status,
                   const char* function, FailureKind* kind);

// Owns a cuDNN descriptor.
template <typename Descriptor>
class CudnnDescriptor {
 public:
  using Create = abi::cudnnStatus_t (*)(Descriptor*);
  using Destroy = abi::cudnnStatus_t (*)(Descriptor);

  CudnnDescriptor() = default;
  ~CudnnDescriptor() {
    if (descriptor_ != nullptr) destroy_(descriptor_);
  }
  CudnnDescriptor(const CudnnDescriptor&) = delete;
  CudnnDescriptor& operator=(const CudnnDescriptor&) = delete;

  Status Make(const CudnnLibrary& cudnn, Create create, Destroy destroy,
              const char* function) {
    destroy_ = destroy;
    const abi::cudnnStatus_t status = create(&descriptor_);
    if (status != abi::CUDNN_STATUS_SUCCESS) descriptor_ = nullptr;
    return CudnnStatus(cudnn, status, function);
  }
  Descriptor get() const { return descriptor_; }

 private:
  Descriptor descriptor_ = nullptr;
  Destroy destroy_ = nullptr;
};

using TensorDescriptor = CudnnDescriptor<abi::cudnnTensorDescriptor_t>;
using RnnDescriptor = CudnnDescriptor<abi::cudnnRNNDescriptor_t>;
using RnnDataDescriptor = CudnnDescriptor<abi::cudnnRNNDataDescriptor_t>;

Status MakeTensorDescriptor(const CudnnLibrary& cudnn, TensorDescriptor* made);
Status MakeRnnDescriptor(const CudnnLibrary& cudnn, RnnDescriptor* made);
Status MakeRnnDataDescriptor(const CudnnLibrary& cudnn,
                             RnnDataDescriptor* made);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_RESULT_H_
