// Stacks of layers: their results and gradients are bit for bit those of their
// GRUs called one after the other, however the threads share them.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/gru_stack.h"
#include "core/thread_pool.h"
#include "core/workspace.h"
#include "cpu/stack/stack_buffers.h"
#include "cpu/stack/stack_forward.h"
#include "cpu/stack/stack_loops.h"
#include "stack_problem.h"

namespace cudnn_gru_test {
namespace {

// Under a sanitizer, every round takes twenty times as long.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr size_t kRounds = 8;
constexpr int kRepetitions = 2;
#else
constexpr size_t kRounds = 60;
constexpr int kRepetitions = 10;
#endif

using cudnn_gru::AvailableIsas;
using cudnn_gru::BumpAllocator;
using cudnn_gru::Cancellation;
using cudnn_gru::ComputeOptions;
using cudnn_gru::CpuIsa;
using cudnn_gru::GruStack;
using cudnn_gru::GruStackPass;
using cudnn_gru::Merge;
using cudnn_gru::StackCall;
using cudnn_gru::StackJob;
using cudnn_gru::StackPlan;
using cudnn_gru::StackSplit;
using cudnn_gru::StateRounding;
using cudnn_gru::Status;
using cudnn_gru::StatusCode;
using cudnn_gru::ThreadPool;
using cudnn_gru::Workspace;

std::vector<CpuIsa> VectorIsas() {
  std::vector<CpuIsa> isas;
  for (const CpuIsa& isa : AvailableIsas()) {
    if (isa.kernels != nullptr) isas.push_back(isa);
  }
  return isas;
}

// Computes a call as `plan` says, whatever its size.
Status RunPlan(const StackCall& call, const StackPlan& plan,
               const Cancellation* cancellation = nullptr) {
  StackJob job;
  job.batch = call.batch;
  job.timesteps = call.timesteps;
  job.cancellation = cancellation;
  job.layers.resize(call.layers.size());
  for (size_t i = 0; i < call.layers.size(); ++i) {
    for (size_t half = 0; half < call.layers[i].half_count; ++half) {
      job.layers[i].halves[half].weights =
          static_cast<const cudnn_gru::CpuBackend&>(
              *call.layers[i].halves[half].backend)
              .weights()
              .get();
    }
  }
  BumpAllocator measure(nullptr);
  PlaceBuffers(call, nullptr, measure, &job);
  const Workspace workspace(measure.used());
  BumpAllocator allocator(workspace.data());
  PlaceBuffers(call, nullptr, allocator, &job);
  return ForwardStackOnCpu(job, plan);
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
  cudnn_gru::Contention::Get().Ignore();
  constexpr bool kFloat32 = sizeof(T) == 4;
  Generator generator(kFloat32 ? 1 : 2);
  for (size_t round = 0; round < kRounds; ++round) {
    CheckAllPlans<T>(RandomStack(generator, kFloat32), round);
  }
}

// Steps are handed over in parts. These are lengths around them.
TEST_CASE_FIXTURE(WithoutContention,
                  "every length of a sequence is handed on") {
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
TEST_CASE_FIXTURE(WithoutContention, "a layer waits for the slower half") {
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

TEST_CASE_TEMPLATE("results and gradients do not depend on the threads", T,
                   float, double) {
  cudnn_gru::Contention::Get().Ignore();
  const CpuIsa isa = AvailableIsas().back();
  size_t round = 0;
  for (const StackSpec& spec : LargeStacks()) {
    StackProblem<T> problem(spec, 40 + round, {isa});
    typename StackProblem<T>::Results expected, results;
    typename StackProblem<T>::AllGradients expected_gradients, gradients;
    CHECK_MESSAGE(problem.OneByOne(&expected, &expected_gradients).ok(),
                  Format("%s failed", Name(spec, round).c_str()));
    GruStack stack;
    for (int threads = 1; threads <= 5; ++threads) {
      const Status status = stack.Forward(problem.Call(&results), {threads});
      CHECK_MESSAGE((status.ok() && SameBits(results, expected)),
                    Format("%s on %d threads: %s", Name(spec, round).c_str(),
                           threads, status.message().c_str()));
      std::unique_ptr<GruStackPass> pass;
      const Status kept =
          stack.ForwardKeepingPass(problem.Call(&results), {threads}, &pass);
      CHECK_MESSAGE(
          (kept.ok() && SameBits(results, expected)),
          Format("%s, with a pass, on %d threads: %s",
                 Name(spec, round).c_str(), threads, kept.message().c_str()));
      const Status back =
          pass->Backward(problem.Targets(&gradients), threads, nullptr);
      CHECK_MESSAGE(
          (back.ok() && SameBits(gradients, expected_gradients)),
          Format("%s, gradients on %d threads: %s", Name(spec, round).c_str(),
                 threads, back.message().c_str()));
    }
    ++round;
  }
}

// Stacks of kernels and the reference have no runner, so that the general way
// is taken, and so do those of the reference alone.
TEST_CASE_TEMPLATE("the general way equals the layers called one by one", T,
                   float, double) {
  const std::vector<CpuIsa> isas = {AvailableIsas().back(), AvailableIsas()[0]};
  Generator generator(5);
  for (size_t round = 0; round < kRounds; ++round) {
    StackSpec spec = RandomStack(generator, sizeof(T) == 4);
    // A pass writes no bits.
    spec.bits = false;
    StackProblem<T> problem(spec, round, isas);
    typename StackProblem<T>::Results expected, results;
    typename StackProblem<T>::AllGradients expected_gradients, gradients;
    CHECK_MESSAGE(problem.OneByOne(&expected, &expected_gradients).ok(),
                  Format("%s failed", Name(spec, round).c_str()));
    GruStack stack;
    CHECK_MESSAGE((stack.Forward(problem.Call(&results), {2}).ok() &&
                   SameBits(results, expected)),
                  Format("%s differs", Name(spec, round).c_str()));
    std::unique_ptr<GruStackPass> pass;
    CHECK_MESSAGE(
        (stack.ForwardKeepingPass(problem.Call(&results), {2}, &pass).ok() &&
         SameBits(results, expected) && pass->bytes() > 0 &&
         pass->Backward(problem.Targets(&gradients), 2, nullptr).ok() &&
         SameBits(gradients, expected_gradients)),
        Format("%s differs in its gradients", Name(spec, round).c_str()));
  }
}

TEST_CASE_TEMPLATE("random gradients equal those of the layers one by one", T,
                   float, double) {
  Generator generator(6);
  for (size_t round = 0; round < kRounds; ++round) {
    StackSpec spec = RandomStack(generator, sizeof(T) == 4);
    spec.bits = false;
    for (const CpuIsa& isa : VectorIsas()) {
      StackProblem<T> problem(spec, round, {isa});
      typename StackProblem<T>::Results expected, results;
      typename StackProblem<T>::AllGradients expected_gradients, gradients;
      CHECK_MESSAGE(problem.OneByOne(&expected, &expected_gradients).ok(),
                    Format("%s failed", Name(spec, round).c_str()));
      GruStack stack;
      std::unique_ptr<GruStackPass> pass;
      CHECK_MESSAGE(
          (stack.ForwardKeepingPass(problem.Call(&results), {1}, &pass).ok() &&
           SameBits(results, expected) &&
           pass->Backward(problem.Targets(&gradients), 1, nullptr).ok() &&
           SameBits(gradients, expected_gradients)),
          Format("%s differs on %s", Name(spec, round).c_str(), isa.name));
    }
  }
}

// While another call has the team of threads, a stack computes alone.
TEST_CASE("a stack computes alone while the team is taken") {
  const StackSpec spec = LargeStack(2, 64, 2, Merge::kConcat);
  StackProblem<float> problem(spec, 1, {AvailableIsas().back()});
  StackProblem<float>::Results expected, results;
  StackProblem<float>::AllGradients expected_gradients, gradients;
  CHECK(problem.OneByOne(&expected, &expected_gradients).ok());
  std::unique_ptr<GruStackPass> pass;
  GruStack stack;
  bool same = false;
  CHECK(ThreadPool::Get().TryRun(1, [&](int) {
    same = stack.ForwardKeepingPass(problem.Call(&results), {4}, &pass).ok() &&
           SameBits(results, expected) &&
           pass->Backward(problem.Targets(&gradients), 4, nullptr).ok() &&
           SameBits(gradients, expected_gradients);
  }));
  CHECK(same);
}

TEST_CASE_FIXTURE(WithoutContention, "a cancelled stack stops in every split") {
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

TEST_CASE("a pass of a stack serves one backward call") {
  const StackSpec spec = LargeStack(1, 8, 2, Merge::kConcat);
  StackProblem<float> problem(spec, 1, {AvailableIsas().back()});
  StackProblem<float>::Results results;
  StackProblem<float>::AllGradients gradients;
  GruStack stack;
  Cancellation cancelled;
  cancelled.Request();
  std::unique_ptr<GruStackPass> pass;
  CHECK(stack.ForwardKeepingPass(problem.Call(&results), {1, &cancelled}, &pass)
            .code() == StatusCode::kAborted);
  CHECK(pass == nullptr);
  CHECK(stack.ForwardKeepingPass(problem.Call(&results), {1}, &pass).ok());
  CHECK(pass->Backward(problem.Targets(&gradients), 1, &cancelled).code() ==
        StatusCode::kAborted);
  CHECK(!pass->spent());
  CHECK(pass->Backward(problem.Targets(&gradients), 1, nullptr).ok());
  CHECK(pass->spent());
  CHECK(pass->Backward(problem.Targets(&gradients), 1, nullptr).code() ==
        StatusCode::kState);
}

TEST_CASE("layers that do not fit are refused") {
  const StackSpec spec = LargeStack(2, 8, 2, Merge::kSum);
  StackProblem<float> problem(spec, 1, {AvailableIsas().back()});
  StackProblem<float>::Results results;
  GruStack stack;
  const auto refused = [&](auto change) {
    StackCall call = problem.Call(&results);
    change(&call);
    return stack.Forward(call, {1}).code();
  };
  CHECK(refused([](StackCall*) {}) == StatusCode::kOk);
  CHECK(refused([](StackCall* call) { call->layers.clear(); }) ==
        StatusCode::kArgument);
  CHECK(refused([](StackCall* call) { call->timesteps = 0; }) ==
        StatusCode::kShape);
  CHECK(refused([](StackCall* call) {
          call->layers[0].halves[1].backend = {};
        }) == StatusCode::kArgument);
  CHECK(refused([](StackCall* call) {
          call->layers[1].merge = Merge::kNone;
        }) == StatusCode::kArgument);
  CHECK(refused([](StackCall* call) {
          call->layers[0].merge = Merge::kSeparate;
        }) == StatusCode::kArgument);
  CHECK(refused([](StackCall* call) {
          call->layers[0].return_sequences = false;
        }) == StatusCode::kArgument);
  // The second layer expects 8 features and not 16.
  CHECK(refused([](StackCall* call) {
          call->layers[0].merge = Merge::kConcat;
        }) == StatusCode::kShape);

  StackSpec uneven = LargeStack(2, 8, 1, Merge::kConcat);
  uneven.layers[0].halves[1].units = 9;
  StackProblem<float> other(uneven, 1, {AvailableIsas().back()});
  StackProblem<float>::Results unused;
  StackCall call = other.Call(&unused);
  CHECK(stack.Forward(call, {1}).ok());
  call.layers[0].merge = Merge::kSum;
  CHECK(stack.Forward(call, {1}).code() == StatusCode::kShape);

  StackSpec custom = LargeStack(2, 8, 1, Merge::kNone);
  custom.layers[0].halves[0].activation = cudnn_gru::Activation::kCustom;
  StackProblem<float> users(custom, 1, {AvailableIsas().back()});
  CHECK(stack.Forward(users.Call(&unused), {1}).code() ==
        StatusCode::kUnsupported);

  StackSpec half = LargeStack(2, 8, 2, Merge::kSum);
  half.rounding = StateRounding::kFloat16;
  StackProblem<float> rounded(half, 1, {AvailableIsas().back()});
  StackCall mixed = problem.Call(&results);
  StackCall sixteen = rounded.Call(&unused);
  mixed.layers[1].halves[0].backend = sixteen.layers[1].halves[0].backend;
  CHECK(stack.Forward(mixed, {1}).code() == StatusCode::kDtype);
}

}  // namespace
}  // namespace cudnn_gru_test
