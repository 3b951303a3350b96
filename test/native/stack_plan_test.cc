// How the plan of a stack follows from its sizes, the threads and the caches.
#include "cpu/stack/stack_plan.h"

#include <chrono>
#include <string>
#include <vector>

#include "core/measured_choice.h"
#include "cpu/dispatch/cache_size.h"
#include "placed_stack.h"
#include "stack_problem.h"
#include "stack_rounds.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::MeasuredChoices;
using cudnn_gru::Merge;
using cudnn_gru::PlanStack;
using cudnn_gru::StackPlan;
using cudnn_gru::StackSplit;
using cudnn_gru::Way;

constexpr size_t kUnits = 160;
// The bytes of the packed recurrent weights of one GRU, and of its kernel.
constexpr size_t kWeightBytes = 3 * kUnits * kUnits * sizeof(float);
constexpr size_t kLargeCache = size_t{1} << 30;
// No thread can keep its weights in it, however few they are.
constexpr size_t kTinyCache = 1024;

// A cache in which some bytes of weights just stay, beside everything else.
constexpr size_t CacheFor(size_t bytes) { return bytes * 4 / 3 + 64; }

// A stack with a layer for each merge; Merge::kNone is a plain one.
StackSpec SpecOf(const std::vector<Merge>& merges, size_t batch) {
  StackSpec spec;
  spec.batch = batch;
  spec.timesteps = 48;
  spec.features = kUnits;
  for (const Merge merge : merges) {
    LayerSpec layer;
    layer.merge = merge;
    layer.halves[0].units = kUnits;
    if (merge != Merge::kNone) {
      layer.halves.push_back(layer.halves[0]);
      layer.halves[1].go_backwards = true;
    }
    spec.layers.push_back(layer);
  }
  return spec;
}

StackPlan PlanOf(const StackSpec& spec, int threads, size_t cache_bytes) {
  StackProblem<float> problem(spec, 1, {VectorIsas().back()});
  StackProblem<float>::Results results;
  const cudnn_gru::StackCall call = problem.Call(&results);
  const PlacedStack placed(call);
  return PlanStack(placed.job(), threads, cache_bytes);
}

StackSplit SplitOf(const StackSpec& spec, size_t cache_bytes) {
  return PlanOf(spec, 2, cache_bytes).split;
}

TEST_CASE_FIXTURE(WithBarriers,
                  "halves run side by side while their weights stay in a "
                  "cache") {
  const StackSpec spec = SpecOf({Merge::kSum}, 1);
  CHECK(SplitOf(spec, kLargeCache) == StackSplit::kChains);
  CHECK(SplitOf(spec, CacheFor(kWeightBytes)) == StackSplit::kChains);
  CHECK(SplitOf(spec, CacheFor(kWeightBytes) - 128) == StackSplit::kOneByOne);
  CHECK(SplitOf(spec, CacheFor(kWeightBytes / 2)) == StackSplit::kOneByOne);
}

// A layer that follows another one reads its kernel again and again.
TEST_CASE_FIXTURE(WithBarriers,
                  "layers follow each other while both weights stay in a "
                  "cache") {
  const StackSpec spec = SpecOf({Merge::kNone, Merge::kNone}, 1);
  CHECK(SplitOf(spec, CacheFor(2 * kWeightBytes)) == StackSplit::kChains);
  CHECK(SplitOf(spec, CacheFor(kWeightBytes)) == StackSplit::kOneByOne);
  CHECK(SplitOf(spec, kTinyCache) == StackSplit::kOneByOne);
}

TEST_CASE_FIXTURE(WithBarriers, "many rows are divided first") {
  const StackSpec spec = SpecOf({Merge::kNone, Merge::kNone}, 16);
  for (const size_t cache : {kTinyCache, kLargeCache}) {
    const StackPlan plan = PlanOf(spec, 2, cache);
    CHECK(plan.split == StackSplit::kChains);
    CHECK(plan.threads == 2);
    CHECK(plan.row_groups == 2);
  }
}

TEST_CASE_FIXTURE(WithBarriers, "more threads than GRUs form teams") {
  const StackPlan plan = PlanOf(SpecOf({Merge::kSum}, 1), 8, kLargeCache);
  CHECK(plan.split == StackSplit::kTeams);
  CHECK(plan.threads == 8);
}

TEST_CASE_FIXTURE(WithBarriers, "one GRU has nothing beside it") {
  CHECK(SplitOf(SpecOf({Merge::kNone}, 1), kLargeCache) ==
        StackSplit::kOneByOne);
}

TEST_CASE_FIXTURE(WithBarriers, "a small call stays on one thread") {
  StackSpec spec = SpecOf({Merge::kSum}, 1);
  spec.timesteps = 2;
  const StackPlan plan = PlanOf(spec, 8, kLargeCache);
  CHECK(plan.split == StackSplit::kOneByOne);
  CHECK(plan.threads == 1);
}

// Plans calls of one size, says that those with barriers took ten times as long
// as those without, and returns the last plan.
StackPlan PlanOnABusyMachine(const PlacedStack& placed, int threads,
                             size_t cache_bytes) {
  StackPlan plan;
  for (int call = 0; call < 20; ++call) {
    plan = PlanStack(placed.job(), threads, cache_bytes);
    CHECK_MESSAGE(plan.size != 0, "there was no choice");
    const std::chrono::milliseconds took(plan.has_barriers ? 10 : 1);
    MeasuredChoices::Get().Note(
        plan.size, plan.has_barriers ? Way::kBarriers : Way::kNoBarriers, took,
        1);
  }
  return plan;
}

// Barriers cost time slices there, so chains are taken whatever the cache.
TEST_CASE("no units are divided while other programs keep the CPUs busy") {
  StackProblem<float> problem(SpecOf({Merge::kSum}, 1), 1,
                              {VectorIsas().back()});
  StackProblem<float>::Results results;
  const cudnn_gru::StackCall call = problem.Call(&results);
  const PlacedStack placed(call);
  const size_t cache = CacheFor(kWeightBytes / 2);
  CHECK(PlanStack(placed.job(), 2, cache).split != StackSplit::kChains);
  CHECK(PlanOnABusyMachine(placed, 2, cache).split == StackSplit::kChains);
  CHECK(PlanStack(placed.job(), 8, kLargeCache).split == StackSplit::kTeams);
  CHECK(PlanOnABusyMachine(placed, 8, kLargeCache).split ==
        StackSplit::kChains);
}

TEST_CASE("the second cache has a plausible size") {
  const size_t bytes = cudnn_gru::SecondCacheBytes();
  CHECK_MESSAGE((bytes >= 64 << 10 && bytes <= 256 << 20),
                Format("%zu bytes", bytes));
  // All caches are whole lines.
  CHECK(bytes % 64 == 0);
}

}  // namespace
}  // namespace cudnn_gru_test
