#ifndef CUDNN_GRU_CUDNN_BACKWARD_H_
#define CUDNN_GRU_CUDNN_BACKWARD_H_

#include "core/cancellation.h"
#include "core/status.h"
#include "cudnn/cudnn_pass.h"

namespace cudnn_gru {

// kState when the pass is spent: it is by the first call that got as far as
// cuDNN. All tensors are on the host; nothing is written unless it succeeds.
// Errors are ForwardOnCudnn's.
Status BackwardOnCudnn(CudnnPass& pass, const GruGradients& gradients,
                       int threads, const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_BACKWARD_H_
