#include "cpu/stack/stack_plan.h"

#include <algorithm>

#include "core/measured_choice.h"
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
  return true;
}

uint64_t SizeOf(const StackJob& job, int threads) {
  uint64_t size = MeasuredChoices::SizeOf(
      {job.batch, static_cast<uint64_t>(threads), job.layers.size()});
  for (const LayerJob& layer : job.layers) {
    const GruDescription& description = layer.halves[0].weights->description();
    size = MeasuredChoices::SizeOf({size, layer.half_count, description.units,
                                    description.features,
                                    static_cast<uint64_t>(description.dtype)});
  }
  return size;
}

// Whether a GRU of the stack meets at barriers in a call of its own.
bool HasBarriers(const StackCosts& costs) {
  for (const LayerJob& layer : costs.job.layers) {
    for (size_t i = 0; i < layer.half_count; ++i) {
      const Division division =
          costs.DivisionOf(layer.halves[i], Way::kBarriers);
      if (division.split == Split::kUnits) return true;
    }
  }
  return false;
}

// Returns the plan that costs least, of all plans or of those without barriers.
StackPlan CheapestPlan(const StackCosts& costs, Way way) {
  const StackJob& job = costs.job;
  const size_t wanted = costs.threads;
  const Concurrency concurrency = ConcurrencyOf(job);
  const bool barriers = way == Way::kBarriers;
  StackPlan plan;
  plan.threads = static_cast<int>(wanted);
  plan.has_barriers = barriers && HasBarriers(costs);
  double least = kWorthwhile * costs.OneByOne(way);
  const size_t groups =
      std::min(job.batch, (wanted + concurrency.least - 1) / concurrency.least);
  const double chains = costs.Chains(groups);
  if (chains <= least) {
    least = chains;
    plan.split = StackSplit::kChains;
    plan.row_groups = groups;
    plan.threads =
        static_cast<int>(std::min(wanted, groups * concurrency.most));
    plan.has_barriers = false;
  }
  if (barriers && wanted > concurrency.least && UnitsCanBeDivided(job) &&
      costs.Teams() < least) {
    plan.split = StackSplit::kTeams;
    plan.threads = static_cast<int>(wanted);
    plan.row_groups = 1;
    plan.has_barriers = true;
  }
  return plan;
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
  if (ConcurrencyOf(job).most == 1) return plan;
  const StackCosts costs = {job, wanted, cache_bytes};
  plan = CheapestPlan(costs, Way::kBarriers);
  if (!plan.has_barriers) return plan;
  plan.size = SizeOf(job, threads);
  if (MeasuredChoices::Get().Next(plan.size) == Way::kNoBarriers) {
    const uint64_t size = plan.size;
    plan = CheapestPlan(costs, Way::kNoBarriers);
    plan.size = size;
  }
  return plan;
}

}  // namespace cudnn_gru
