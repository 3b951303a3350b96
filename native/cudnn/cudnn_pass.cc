#include "cudnn/cudnn_pass.h"

#include "cudnn/backward.h"
#include "cudnn/gru_tensors.h"

namespace cudnn_gru {

Status CudnnPass::Backward(const GruGradients& gradients, int threads,
                           const Cancellation* cancellation) {
  if (kept.used) return Spent();
  const GruGradientTensors tensors(description(), sizes, kept.chunking,
                                   gradients);
  return BackwardOnCudnn(&kept, tensors, threads, cancellation);
}

}  // namespace cudnn_gru
