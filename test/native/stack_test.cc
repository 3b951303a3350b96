// Stacks of layers: their results and gradients are bit for bit those of their
// GRUs called one after the other.
#include <memory>
#include <string>
#include <vector>

#include "core/gru_stack.h"
#include "core/thread_pool.h"
#include "stack_problem.h"
#include "stack_rounds.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::AvailableIsas;
using cudnn_gru::Cancellation;
using cudnn_gru::CpuIsa;
using cudnn_gru::GruStack;
using cudnn_gru::GruStackPass;
using cudnn_gru::Merge;
using cudnn_gru::StackCall;
using cudnn_gru::StackSizes;
using cudnn_gru::StateRounding;
using cudnn_gru::Status;
using cudnn_gru::StatusCode;
using cudnn_gru::ThreadPool;

TEST_CASE_TEMPLATE("results and gradients do not depend on the threads", T,
                   float, double) {
  cudnn_gru::MeasuredChoices::Get().AlwaysBarriers();
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
  const auto checked = [](const StackCall& call) {
    StackSizes sizes;
    return CheckStack(call, &sizes).code();
  };
  const auto refused = [&](auto change) {
    StackCall call = problem.Call(&results);
    change(&call);
    return checked(call);
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
  CHECK(checked(call) == StatusCode::kOk);
  call.layers[0].merge = Merge::kSum;
  CHECK(checked(call) == StatusCode::kShape);

  StackSpec custom = LargeStack(2, 8, 1, Merge::kNone);
  custom.layers[0].halves[0].activation = cudnn_gru::Activation::kCustom;
  StackProblem<float> users(custom, 1, {AvailableIsas().back()});
  CHECK(checked(users.Call(&unused)) == StatusCode::kUnsupported);

  StackSpec half = LargeStack(2, 8, 2, Merge::kSum);
  half.rounding = StateRounding::kFloat16;
  StackProblem<float> rounded(half, 1, {AvailableIsas().back()});
  StackCall mixed = problem.Call(&results);
  StackCall sixteen = rounded.Call(&unused);
  mixed.layers[1].halves[0].backend = sixteen.layers[1].halves[0].backend;
  CHECK(checked(mixed) == StatusCode::kDtype);
}

}  // namespace
}  // namespace cudnn_gru_test
