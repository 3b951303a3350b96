#ifndef CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_
#define CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// What every thread of one forward call reads. Outlives the call's threads.
template <typename T>
struct ForwardJob {
  const CpuWeights& weights;
  const Kernels<T>& kernels;
  const GruCall& call;
  const Cancellation* cancellation;  // may be null
  const SavedSteps* saved;           // null when no backward pass will come
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_FORWARD_JOB_H_
