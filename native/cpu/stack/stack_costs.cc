#include "cpu/stack/stack_costs.h"

#include <algorithm>

#include "cpu/forward/work_division.h"
#include "cpu/kernels/kernels.h"
#include "cpu/stack/concurrency.h"

namespace cudnn_gru {
namespace {

// All of these were measured on one processor (bench/NOTES.md). Others differ,
// but not by so much that another way would be the best one.

// How many times as long as from the second-level cache it takes to read
// weights from beyond it.
constexpr double kBeyondCache = 4;
// To multiply so many rows takes as long as to read the weights once.
constexpr double kRowsOfAReading = 2.5;
// Threads meet at a barrier, and read the states of a row that others have
// computed, in the time in which one of them reads these bytes.
constexpr double kBarrierBytes = 110e3;
constexpr double kRowBytes = 18e3;
// Inputs and results need the rest of the cache.
constexpr double kWeightsInCache = 0.75;

// How the threads of one GRU share it.
struct Sharing {
  size_t threads;  // that divide its units
  size_t rows;     // of each thread
  size_t steps;    // whose input part is computed at a time
};

double PackedBytes(const CpuWeights& weights, size_t depth) {
  return static_cast<double>(weights.MatrixBytes(depth));
}

// Returns the cost of all timesteps of a GRU.
double CostOf(const StackCosts& costs, const CpuWeights& weights,
              const Sharing& sharing) {
  const GruDescription& description = weights.description();
  const double threads = static_cast<double>(sharing.threads);
  const double kernel = PackedBytes(weights, description.features) / threads;
  const double recurrent = PackedBytes(weights, description.units) / threads;
  const double timesteps = static_cast<double>(costs.job.timesteps);
  const double steps = static_cast<double>(sharing.steps);
  // The kernel is read anew for each part of the timesteps.
  const double kept = recurrent + (steps < timesteps ? kernel : 0);
  const bool stay =
      kept <= kWeightsInCache * static_cast<double>(costs.cache_bytes);
  const double reading = stay ? 1 : kBeyondCache;
  const double rows = static_cast<double>(sharing.rows);
  const double computing = rows / kRowsOfAReading;
  const double meeting =
      sharing.threads == 1 ? 0 : kBarrierBytes + rows * kRowBytes;
  return timesteps * (recurrent * std::max(reading, computing) +
                      kernel * std::max(reading / steps, computing) + meeting);
}

size_t Quotient(size_t a, size_t b) { return (a + b - 1) / b; }

// Returns the cost of a stack whose GRUs are computed at the same time where
// they can be. `split` is kChains or kTeams.
double CostTogether(const StackCosts& costs, StackSplit split,
                    size_t row_groups) {
  const StackJob& job = costs.job;
  double cost = 0;
  size_t end = 0;
  for (size_t begin = 0; begin < job.layers.size(); begin = end) {
    const size_t count = row_groups * ConcurrencyFrom(job, begin, &end);
    const size_t lanes = std::min(costs.threads, count);
    const double rounds = static_cast<double>(Quotient(count, lanes));
    Sharing sharing = {1, Quotient(job.batch, row_groups), job.timesteps};
    if (split == StackSplit::kTeams) sharing.threads = costs.threads / lanes;
    double most = 0, first_part = 1;
    for (size_t layer = begin; layer < end; ++layer) {
      for (size_t half = 0; half < job.layers[layer].half_count; ++half) {
        sharing.steps = StepsAtATime(job, layer, half, sharing.rows);
        most = std::max(
            most,
            CostOf(costs, *job.layers[layer].halves[half].weights, sharing));
        first_part = static_cast<double>(sharing.steps) /
                     static_cast<double>(job.timesteps);
      }
    }
    // Each layer begins when the one below has computed its first part.
    const double waits = static_cast<double>(end - begin - 1) * first_part;
    cost += most * (rounds + waits);
  }
  return cost;
}

}  // namespace

Division StackCosts::DivisionOf(const HalfJob& half, Way way) const {
  const GruDescription& description = half.weights->description();
  const int count = static_cast<int>(threads);
  if (way == Way::kNoBarriers) {
    return DivideWithoutBarriers(description, half.call, PassKind::kForward,
                                 count);
  }
  return DivideWhereIdle(description, half.call, PassKind::kForward,
                         half.weights->panels(), count);
}

double StackCosts::OneByOne(Way way) const {
  double cost = 0;
  for (const LayerJob& layer : job.layers) {
    for (size_t i = 0; i < layer.half_count; ++i) {
      const CpuWeights& weights = *layer.halves[i].weights;
      const Division division = DivisionOf(layer.halves[i], way);
      const size_t count = static_cast<size_t>(division.threads);
      Sharing sharing = {1, job.batch, job.timesteps};
      if (division.split == Split::kUnits) sharing.threads = count;
      if (division.split == Split::kRows) {
        sharing.rows = Quotient(job.batch, count);
      }
      cost += CostOf(*this, weights, sharing);
    }
  }
  return cost;
}

double StackCosts::Chains(size_t row_groups) const {
  return CostTogether(*this, StackSplit::kChains, row_groups);
}

double StackCosts::Teams() const {
  return CostTogether(*this, StackSplit::kTeams, 1);
}

}  // namespace cudnn_gru
