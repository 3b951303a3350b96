// The ways in which threads share a stack: whichever is taken, the results are
// bit for bit those of the GRUs called one after the other.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "core/gru_stack.h"
#include "cpu/stack/stack_forward.h"
#include "cpu/stack/stack_loops.h"
#include "placed_stack.h"
#include "stack_problem.h"
#include "stack_rounds.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::AvailableIsas;
using cudnn_gru::Cancellation;
using cudnn_gru::CpuIsa;
using cudnn_gru::Merge;
using cudnn_gru::StackCall;
using cudnn_gru::StackJob;
using cudnn_gru::StackPlan;
using cudnn_gru::StackSplit;
using cudnn_gru::Status;
using cudnn_gru::StatusCode;

// Computes a call as `plan` says, whatever its size.
Status RunPlan(const StackCall& call, const StackPlan& plan,
               const Cancellation* cancellation = nullptr) {
  const PlacedStack placed(call, cancellation);
  return ForwardStackOnCpu(placed.job(), plan);
}

// All ways in which 1 to 8 threads can share a stack.
std::vector<StackPlan> Plans(const StackSpec& spec, Generator& generator) {
  std::vector<StackPlan> plans = {{StackSplit::kOneByOne, 1, 1},
                                  {StackSplit::kOneByOne, 3, 1},
                                  {StackSplit::kChains, 1, 1},
                                  {StackSplit::kChains, 2, 1}};
  const size_t most = std::min<size_t>(spec.batch, 5);
  for (int i = 0; i < 3; ++i) {
    plans.push_back({StackSplit::kChains,
                     static_cast<int>(Pick(generator, 1, 8)),
                     Pick(generator, 1, most)});
  }
  for (const LayerSpec& layer : spec.layers) {
    for (const HalfSpec& half : layer.halves) {
      // Row-wise activations are not divided by units.
      if (half.activation != cudnn_gru::Activation::kTanh) return plans;
    }
  }
  plans.push_back({StackSplit::kTeams, 2, 1});
  plans.push_back(
      {StackSplit::kTeams, static_cast<int>(Pick(generator, 3, 8)), 1});
  return plans;
}

template <typename T>
void CheckAllPlans(const StackSpec& spec, size_t round) {
  const std::vector<CpuIsa> isas = VectorIsas();
  for (const CpuIsa& isa : isas) {
    StackProblem<T> problem(spec, 500 + round, {isa});
    typename StackProblem<T>::Results expected, results;
    const bool ran = problem.OneByOne(&expected, nullptr).ok();
    CHECK_MESSAGE(ran, Format("%s failed", Name(spec, round).c_str()));
    Generator generator(900 + round);
    for (const StackPlan& plan : Plans(spec, generator)) {
      const Status status = RunPlan(problem.Call(&results), plan);
      problem.WidenResults(&results);
      CHECK_MESSAGE((status.ok() && SameBits(results, expected)),
                    Format("%s on %s by split %d of %d threads, %zu groups: %s",
                           Name(spec, round).c_str(), isa.name,
                           static_cast<int>(plan.split), plan.threads,
                           plan.row_groups, status.message().c_str()));
    }
  }
}

TEST_CASE_TEMPLATE("a random stack equals its layers called one by one", T,
                   float, double) {
  cudnn_gru::MeasuredChoices::Get().AlwaysBarriers();
  constexpr bool kFloat32 = sizeof(T) == 4;
  Generator generator(kFloat32 ? 1 : 2);
  for (size_t round = 0; round < kRounds; ++round) {
    CheckAllPlans<T>(RandomStack(generator, kFloat32), round);
  }
}

// Steps are handed over in parts. These are lengths around them.
TEST_CASE_FIXTURE(WithBarriers, "every length of a sequence is handed on") {
  for (size_t timesteps = 1; timesteps <= 40; ++timesteps) {
    StackSpec spec;
    spec.batch = 1 + timesteps % 3;
    spec.timesteps = timesteps;
    spec.features = 3;
    spec.layers.resize(3);
    spec.layers[1].halves[0].units = 9;
    CheckAllPlans<float>(spec, timesteps);
  }
}

// Every step that a layer reads must have been written by every half that
// writes it: the backward half writes the last step of the output first.
TEST_CASE("a layer begins when its inputs have been computed") {
  Generator generator(11);
  size_t ready = 0;
  for (size_t round = 0; round < 20000; ++round) {
    StackJob job;
    job.batch = 1;
    job.timesteps = Pick(generator, 1, 12);
    job.layers.resize(2);
    job.layers[0].half_count = Pick(generator, 1, 2);
    if (job.layers[0].half_count == 2) job.layers[0].merge = Merge::kConcat;
    const bool backwards = Chance(generator, 2);
    job.layers[1].halves[0].call.go_backwards = backwards;
    const size_t begin = Pick(generator, 0, job.timesteps - 1);
    const size_t count = Pick(generator, 1, job.timesteps - begin);
    const size_t done[2] = {Pick(generator, 0, job.timesteps),
                            Pick(generator, 0, job.timesteps)};
    bool expected = true;
    for (size_t step = begin; step < begin + count; ++step) {
      const size_t t = backwards ? job.timesteps - 1 - step : step;
      expected = expected && t < done[0];
      if (job.layers[0].half_count == 2) {
        expected = expected && job.timesteps - 1 - t < done[1];
      }
    }
    ready += expected;
    const bool found =
        cudnn_gru::InputsAreReady(job, 1, 0, begin, count, done, false);
    CHECK_MESSAGE(
        found == expected,
        Format("round %zu: steps %zu to %zu of %zu from %zu and %zu", round,
               begin, begin + count, job.timesteps, done[0], done[1]));
    job.layers[0].merge = Merge::kSum;
    for (const bool merged : {false, true}) {
      CHECK(cudnn_gru::InputsAreReady(job, 1, 0, begin, count, done, merged) ==
            merged);
    }
    CHECK(cudnn_gru::InputsAreReady(job, 0, 0, begin, count, done, false));
  }
  CHECK(ready > 1000);
}

// One half takes many times as long as the other, and a layer waits for both.
TEST_CASE_FIXTURE(WithBarriers, "a layer waits for the slower half") {
  for (const Merge merge : {Merge::kConcat, Merge::kSum}) {
    for (const size_t slow : {0, 1}) {
      StackSpec spec;
      spec.batch = 1;
      spec.timesteps = 400;
      spec.features = 3;
      LayerSpec layer;
      layer.merge = merge;
      layer.halves.resize(2);
      for (HalfSpec& half : layer.halves) half.units = 24;
      layer.halves[1].go_backwards = true;
      layer.halves[slow].reset_after = false;
      layer.halves[slow].recurrent_dropout = true;
      if (merge == Merge::kConcat) layer.halves[slow].units = 150;
      spec.layers = {layer, LayerSpec(), layer};
      StackProblem<float> problem(spec, 3, {AvailableIsas().back()});
      StackProblem<float>::Results expected, results;
      CHECK(problem.OneByOne(&expected, nullptr).ok());
      for (int round = 0; round < kRepetitions; ++round) {
        const StackPlan plans[] = {{StackSplit::kChains, 2 + round % 3, 1},
                                   {StackSplit::kTeams, 2 + round % 4, 1}};
        for (const StackPlan& plan : plans) {
          CHECK(RunPlan(problem.Call(&results), plan).ok());
          CHECK_MESSAGE(SameBits(results, expected),
                        Format("merge %d, half %zu, split %d of %d threads",
                               static_cast<int>(merge), slow,
                               static_cast<int>(plan.split), plan.threads));
        }
      }
    }
  }
}

TEST_CASE_FIXTURE(WithBarriers, "a cancelled stack stops in every split") {
  StackSpec spec = LargeStack(2, 64, 3, Merge::kConcat);
  spec.timesteps = 20000;
  StackProblem<float> problem(spec, 1, {AvailableIsas().back()});
  StackProblem<float>::Results results;
  const StackPlan plans[] = {{StackSplit::kOneByOne, 1, 1},
                             {StackSplit::kChains, 1, 1},
                             {StackSplit::kChains, 4, 2},
                             {StackSplit::kTeams, 4, 1}};
  for (const StackPlan& plan : plans) {
    Cancellation before;
    before.Request();
    CHECK(RunPlan(problem.Call(&results), plan, &before).code() ==
          StatusCode::kAborted);
    Cancellation during;
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      during.Request();
    });
    const auto start = std::chrono::steady_clock::now();
    const Status status = RunPlan(problem.Call(&results), plan, &during);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    canceller.join();
    CHECK_MESSAGE(
        (status.code() == StatusCode::kAborted && seconds < 5),
        Format("split %d: %s after %.3f s", static_cast<int>(plan.split),
               status.message().c_str(), seconds));
  }
}

}  // namespace
}  // namespace cudnn_gru_test
