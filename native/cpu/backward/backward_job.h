#ifndef CUDNN_GRU_CPU_BACKWARD_BACKWARD_JOB_H_
#define CUDNN_GRU_CPU_BACKWARD_BACKWARD_JOB_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The data that all threads of one backward pass read. It outlives the threads.
template <typename T>
struct BackwardJob {
  const CpuWeights& weights;
  const Kernels<T>& kernels;
  const GruCall& call;      // the forward call
  const SavedSteps& saved;  // its records, which the pass overwrites
  // The arrays that receive the gradients. A gradient whose pointer is null is
  // not computed.
  const GruGradients& gradients;
  const Cancellation* cancellation;  // may be null
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_BACKWARD_JOB_H_
