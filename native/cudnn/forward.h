#ifndef CUDNN_GRU_CUDNN_FORWARD_H_
#define CUDNN_GRU_CUDNN_FORWARD_H_

#include <memory>

#include "core/cancellation.h"
#include "core/gru_backend.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/algorithm.h"
#include "cudnn/cudnn_pass.h"
#include "cudnn/launch_graphs.h"
#include "cudnn/weights.h"

namespace cudnn_gru {

struct CudnnOptions {
  Tf32 tf32 = Tf32::kForbidden;
  // How many threads may pack and unpack tensors.
  int threads = 1;
  // When set, the call uses this algorithm or fails. The self-check sets it.
  const Algorithm* only = nullptr;
  // Set by a trial of CUDA graphs. It must outlive the passes too.
  GraphTrial* trial = nullptr;
};

CudnnOptions CudnnOptionsOf(const ComputeOptions& options);

// Computes one call with cuDNN. All tensors are on the host and are no longer
// used after this returns. A failed call writes nothing, with one exception: a
// large output is copied back in pieces, and some of it may have been written
// when the device is lost during these copies. `cancellation` is null for a
// synchronous call. Otherwise it is checked before the launch and between
// chunks of time steps.
//
// Fails with kArgument when cuDNN cannot compute such a call
// (lib/backend/eligibility.ts says which calls it can), and with
// kCudnnUnavailable, kCudnn, kCuda, kOutOfMemory or kAborted.
Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation);

// Computes one call with cuDNN and keeps the tensors that backward needs.
Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation,
                      std::unique_ptr<CudnnPass>* pass);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FORWARD_H_
