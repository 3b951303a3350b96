#ifndef CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_
#define CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The data that all threads of one forward call read. It outlives the threads.
template <typename T>
struct ForwardJob {
  const CpuWeights& weights;
  const Kernels<T>& kernels;
  const GruCall& call;
  const Cancellation* cancellation;  // may be null
  const SavedSteps* saved;           // null when no backward pass follows
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_
