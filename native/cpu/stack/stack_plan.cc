#include "cpu/stack/stack_plan.h"

#include <algorithm>

#include "core/contention.h"
#include "cpu/forward/work_division.h"
#include "cpu/stack/concurrency.h"
#include "cpu/stack/stack_costs.h"

namespace cudnn_gru {
namespace {

// Another way than one GRU after the other must promise to be faster by so
// much, because the costs are estimates.
constexpr double kWorthwhile = 0.95;

double FlopsOf(const StackJob& job) {
  double flops = 0;
  for (const LayerJob& layer : job.layers) {
    for (size_t half = 0; half < layer.half_count; ++half) {
      flops += CallFlops(layer.halves[half].weights->description(), job.batch,
                         job.timesteps);
    }
  }
  return flops;
}

// Whether the units of every GRU are worth dividing among threads, with a
// barrier after each step.
bool UnitsCanBeDivided(const StackJob& job) {
  for (const LayerJob& layer : job.layers) {
    for (size_t half = 0; half < layer.half_count; ++half) {
      if (!CanDivideUnits(*layer.halves[half].weights, job.batch)) {
        return false;
      }
    }
  }
  return !Contention::Get().Now();
}

}  // namespace

StackPlan PlanStack(const StackJob& job, int threads, size_t cache_bytes) {
  StackPlan plan;
  plan.threads = threads;
  if (threads <= 1 || FlopsOf(job) < kMinParallelFlops) {
    plan.threads = 1;
    return plan;
  }
  const size_t wanted = static_cast<size_t>(threads);
  if (job.batch >= wanted * kMinRowsPerThread) {
    plan.split = StackSplit::kChains;
    plan.row_groups = wanted;
    return plan;
  }
  const Concurrency concurrency = ConcurrencyOf(job);
  if (concurrency.most == 1) return plan;
  const StackCosts costs = {job, wanted, cache_bytes};
  double least = kWorthwhile * costs.OneByOne();
  const size_t groups =
      std::min(job.batch, (wanted + concurrency.least - 1) / concurrency.least);
  const double chains = costs.Chains(groups);
  if (chains <= least) {
    least = chains;
    plan.split = StackSplit::kChains;
    plan.row_groups = groups;
    plan.threads =
        static_cast<int>(std::min(wanted, groups * concurrency.most));
  }
  if (wanted > concurrency.least && UnitsCanBeDivided(job) &&
      costs.Teams() < least) {
    plan = {StackSplit::kTeams, threads, 1};
  }
  return plan;
}

}  // namespace cudnn_gru
