#ifndef CUDNN_GRU_CUDNN_FORWARD_H_
#define CUDNN_GRU_CUDNN_FORWARD_H_

#include <memory>

#include "core/cancellation.h"
#include "core/gru_problem.h"
#include "core/status.h"
#include "cudnn/tape.h"
#include "cudnn/weights.h"

namespace cudnn_gru {

struct CudnnOptions {
  bool allow_tf32 = false;
};

// Computes one call with cuDNN. Its tensors are on the host and are read before
// this returns; nothing is written unless it succeeds. `cancellation` may be
// null; it is looked at before the launch and between chunks of time steps.
//
// kArgument: the call has no cuDNN form (lib/eligibility.ts says which do).
// kCudnnUnavailable, kCudnn, kCuda, kOutOfMemory, kAborted.
Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation);

// The same, keeping what BackwardOnCudnn needs.
Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation,
                      std::unique_ptr<CudnnTape>* tape);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FORWARD_H_
