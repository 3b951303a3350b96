#include "cpu/stack/stack_forward.h"

#include <new>

#include "core/measured_choice.h"
#include "cpu/dispatch/cache_size.h"
#include "cpu/forward/gru_forward.h"
#include "cpu/stack/chains.h"
#include "cpu/stack/teams.h"

namespace cudnn_gru {
namespace {

Status RunOneByOne(const StackJob& job, int threads) {
  for (const LayerJob& layer : job.layers) {
    for (size_t i = 0; i < layer.half_count; ++i) {
      const HalfJob& half = layer.halves[i];
      Status status = ForwardOnCpu(*half.weights, half.call, half.place,
                                   threads, job.cancellation, half.saved);
      if (!status.ok()) return status;
    }
    if (IsArithmetic(layer.merge)) MergeLayer(layer, {0, job.batch});
  }
  return Status();
}

template <typename T>
Status Run(const StackJob& job, const StackPlan& plan) {
  bool ran = false;
  Status status;
  const Way way = plan.has_barriers ? Way::kBarriers : Way::kNoBarriers;
  MeasuredCall measured(plan.size, way, static_cast<double>(job.timesteps));
  if (plan.split == StackSplit::kChains) {
    status = RunChains<T>(job, plan, &ran);
  } else if (plan.split == StackSplit::kTeams) {
    status = RunTeams<T>(job, plan, &ran);
  }
  if (!ran) {
    const bool refused = plan.split != StackSplit::kOneByOne;
    // Another call has the team of threads, so this thread computes alone.
    if (refused) return RunOneByOne(job, 1);
    status = RunOneByOne(job, plan.threads);
  }
  if (status.ok()) measured.End();
  return status;
}

}  // namespace

Status ForwardStackOnCpu(const StackJob& job, int threads) {
  return ForwardStackOnCpu(job, PlanStack(job, threads, SecondCacheBytes()));
}

Status ForwardStackOnCpu(const StackJob& job, const StackPlan& plan) {
  if (job.Cancelled()) return Aborted();
  if (job.batch == 0) return Status();
  try {
    return job.dtype() == Dtype::kFloat32 ? Run<float>(job, plan)
                                          : Run<double>(job, plan);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory,
                  "The system has no memory for the loops of the call");
  }
}

}  // namespace cudnn_gru
