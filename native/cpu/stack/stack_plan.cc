#include "cpu/stack/stack_plan.h"

#include <algorithm>

#include "core/contention.h"
#include "cpu/forward/work_division.h"

namespace cudnn_gru {
namespace {

// A layer follows the one below by this part of the timesteps. With more parts
// it waits less at the start, but its input part is computed in smaller
// products.
constexpr size_t kParts = 12;
// The number of rows that fill the register tiles of a product.
constexpr size_t kTileRows = 8;
// Teams that leave a larger part of the threads idle are worse than one GRU
// after the other on all threads.
constexpr double kMostIdle = 1.25;

double FlopsOf(const StackJob& job, size_t timesteps) {
  double flops = 0;
  for (const LayerJob& layer : job.layers) {
    for (size_t half = 0; half < layer.half_count; ++half) {
      flops += CallFlops(layer.halves[half].weights->description(), job.batch,
                         timesteps);
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

struct Concurrency {
  size_t least;
  size_t most;
};

Concurrency ConcurrencyOf(const StackJob& job) {
  Concurrency found = {SIZE_MAX, 0};
  for (size_t layer = 0; layer < job.layers.size();) {
    const size_t count = ConcurrencyFrom(job, layer, &layer);
    found.least = std::min(found.least, count);
    found.most = std::max(found.most, count);
  }
  return found;
}

// Whether the forward half of the layer `index` can begin before the layer
// below it has ended.
bool Follows(const StackJob& job, size_t index) {
  return index > 0 && job.layers[index - 1].half_count == 1 &&
         !job.layers[index].halves[0].call.go_backwards;
}

}  // namespace

size_t ConcurrencyFrom(const StackJob& job, size_t index, size_t* end) {
  *end = index + 1;
  if (job.layers[index].half_count == 2) return 2;
  while (*end < job.layers.size() && job.layers[*end].half_count == 1 &&
         Follows(job, *end)) {
    ++*end;
  }
  return *end - index;
}

size_t StepsAtATime(const StackJob& job, size_t layer, size_t half,
                    size_t rows) {
  const bool follows = half == 0 && Follows(job, layer);
  const bool is_followed = job.layers[layer].half_count == 1 &&
                           layer + 1 < job.layers.size() &&
                           Follows(job, layer + 1);
  if (!follows && !is_followed) return job.timesteps;
  const size_t tile = (kTileRows + rows - 1) / rows;
  return std::max<size_t>(1, job.timesteps / kParts / tile) * tile;
}

StackPlan PlanStack(const StackJob& job, int threads) {
  StackPlan plan;
  plan.threads = threads;
  if (threads <= 1 || FlopsOf(job, job.timesteps) < kMinParallelFlops) {
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
  const size_t groups = (wanted + concurrency.least - 1) / concurrency.least;
  const bool fills_tiles = job.batch >= groups * kMinRowsPerThread;
  if (!fills_tiles && wanted > concurrency.least && UnitsCanBeDivided(job)) {
    const size_t teams = std::min(wanted, concurrency.most);
    const size_t used = wanted / teams * teams;
    const double idle = static_cast<double>(wanted) / static_cast<double>(used);
    if (idle <= kMostIdle) plan.split = StackSplit::kTeams;
    return plan;
  }
  plan.split = StackSplit::kChains;
  plan.row_groups = std::min(job.batch, groups);
  const size_t most = plan.row_groups * concurrency.most;
  plan.threads = static_cast<int>(std::min(wanted, most));
  return plan;
}

}  // namespace cudnn_gru
