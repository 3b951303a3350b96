#ifndef CUDNN_GRU_CUDNN_BACKWARD_H_
#define CUDNN_GRU_CUDNN_BACKWARD_H_

#include "core/cancellation.h"
#include "core/status.h"
#include "cudnn/tape.h"

namespace cudnn_gru {

// Gradients of a scalar: what comes from above, and where those of the call's
// inputs go. All are on the host, of the layer's dtype and of the shapes of the
// tensors they belong to; each may be null (zeros; not wanted).
struct CudnnGradients {
  const void* output = nullptr;
  const void* state = nullptr;
  void* inputs = nullptr;
  void* initial_state = nullptr;
  void* kernel = nullptr;
  void* recurrent_kernel = nullptr;
  void* bias = nullptr;
};

// kState when the tape is spent: it is by the first call that got as far as
// cuDNN. Nothing is written unless it succeeds. Errors are ForwardOnCudnn's.
Status BackwardOnCudnn(CudnnTape& tape, const CudnnGradients& gradients,
                       const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_BACKWARD_H_
