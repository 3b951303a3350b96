#ifndef CUDNN_GRU_CUDNN_CUDNN_DESCRIPTOR_H_
#define CUDNN_GRU_CUDNN_CUDNN_DESCRIPTOR_H_

#include "core/status.h"
#include "cudnn/abi.h"
#include "cudnn/libraries.h"
#include "cudnn/library_status.h"

namespace cudnn_gru {

// Owns a cuDNN descriptor and destroys it at the end of its life.
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

#endif  // CUDNN_GRU_CUDNN_CUDNN_DESCRIPTOR_H_
