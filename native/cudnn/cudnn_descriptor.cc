#include "cudnn/cudnn_descriptor.h"

namespace cudnn_gru {

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
