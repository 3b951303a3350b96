#ifndef CUDNN_GRU_CUDNN_BACKWARD_H_
#define CUDNN_GRU_CUDNN_BACKWARD_H_

#include "core/cancellation.h"
#include "core/status.h"
#include "cudnn/call_tensors.h"
#include "cudnn/cudnn_pass.h"

namespace cudnn_gru {

// Computes the gradients of a forward call. A failed call writes nothing. Sets
// kept->used when the call has reached cuDNN. Fails with the errors of
// ForwardOnCudnn.
Status BackwardOnCudnn(KeptForward* kept, const GradientTensors& tensors,
                       int threads, const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_BACKWARD_H_
