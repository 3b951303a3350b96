#ifndef CUDNN_GRU_CUDNN_FORWARD_H_
#define CUDNN_GRU_CUDNN_FORWARD_H_

#include <memory>

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/algorithm.h"
#include "cudnn/cudnn_pass.h"
#include "cudnn/weights.h"

namespace cudnn_gru {

struct CudnnOptions {
  bool allow_tf32 = false;
  // That may pack and unpack.
  int threads = 1;
  // For the self-check: this one, or a failure.
  const Algorithm* only = nullptr;
};

// Computes one call with cuDNN. Its tensors are on the host and are read before
// this returns. Nothing is written unless it succeeds; but where the output is
// so large that it comes back in pieces, and the device is lost after it has
// computed everything, some of it may be. `cancellation`, of an asynchronous
// call, may be null; it is looked at before the launch and between chunks of
// time steps.
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
                      std::unique_ptr<CudnnPass>* pass);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FORWARD_H_
