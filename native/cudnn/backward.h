#ifndef CUDNN_GRU_CUDNN_BACKWARD_H_
#define CUDNN_GRU_CUDNN_BACKWARD_H_

#include "core/cancellation.h"
#include "core/status.h"
#include "cudnn/cudnn_pass.h"

namespace cudnn_gru {

// Computes the gradients. All tensors are on the host, and a failed call writes
// nothing. Fails with kState when the pass is spent, which it is after the
// first call that has reached cuDNN, and with the errors of ForwardOnCudnn.
Status BackwardOnCudnn(CudnnPass& pass, const GruGradients& gradients,
                       int threads, const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_BACKWARD_H_
