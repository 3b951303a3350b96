// How a stack's calls behave on the cuDNN path, on the test doubles: its
// weights, cancellation, TF32, algorithms, the self-check, and gradients that
// are left out.
#include <memory>
#include <optional>
#include <vector>

#include "core/cancellation.h"
#include "cudnn/memory_pool.h"
#include "cudnn/stack/obstacles.h"
#include "cudnn_stack_fixture.h"

namespace cudnn_gru_test {
namespace {

using namespace cudnn_gru;

// An obstacle does not keep the stack from being computed.
TEST_CASE_FIXTURE(StackOnTheDoubles, "layers that do not fit go one by one") {
  StackSpec spec = FusedSpec(3, 1, 4);
  spec.layers[1].halves[0].units = 6;
  CudnnStackRun<float> run(spec);
  GruStack stack;
  const int64_t calls = Counter("calls.cudnnRNNForward");
  run.Forward(&stack);
  CHECK(Counter("calls.cudnnRNNForward") == calls + 3);
}

// New weights replace those on the device.
TEST_CASE_FIXTURE(StackOnTheDoubles, "a stack keeps one version of weights") {
  GruStack stack;
  size_t bytes = 0;
  for (uint64_t seed = 1; seed < 6; ++seed) {
    CudnnStackRun<float> run(FusedSpec(2, 2, 16), seed);
    for (int i = 0; i < 2; ++i) {
      const int64_t uploads = Counter("calls.cuMemcpyHtoDAsync_v2");
      run.Forward(&stack);
      const int64_t grown = Counter("calls.cuMemcpyHtoDAsync_v2") - uploads;
      // The first call of the process also runs the self-check.
      if (seed > 1) CHECK_MESSAGE(grown == 2 - i, Format("%ld", long(grown)));
    }
    const size_t now = MemoryBytes(MemoryKind::kDevice).load();
    if (seed > 2) CHECK_MESSAGE(now == bytes, Format("%zu bytes", now));
    bytes = now;
  }
}

TEST_CASE_FIXTURE(StackOnTheDoubles,
                  "a stack may be cancelled before it runs") {
  CudnnStackRun<float> run(FusedSpec(2, 1, 4));
  GruStack stack;
  run.Forward(&stack);
  const int64_t calls = Counter("calls.cudnnRNNForward");
  Cancellation cancellation;
  cancellation.Request();
  const ComputeOptions options = {1, &cancellation};
  CHECK(stack.Forward(run.call(), options).code() == StatusCode::kAborted);
  std::unique_ptr<GruStackPass> pass;
  CHECK(stack.ForwardKeepingPass(run.call(), options, &pass).code() ==
        StatusCode::kAborted);
  CHECK(pass == nullptr);
  CHECK(Counter("calls.cudnnRNNForward") == calls);
}

// TF32 may be used when it is allowed, as in a single layer.
TEST_CASE_FIXTURE(StackOnTheDoubles, "a stack uses TF32 when it is allowed") {
  CudnnStackRun<float> run(FusedSpec(2, 2, 4));
  GruStack stack;
  run.Forward(&stack);
  const std::vector<std::vector<float>> exact = run.results();
  ComputeOptions options;
  options.tf32 = Tf32::kAllowed;
  CHECK(stack.Forward(run.call(), options).ok());
  const double worst = WorstOf(run.results(), exact);
  CHECK_MESSAGE((worst > 1e-6 && worst < 1e-2), Format("%g", worst));
}

// A cuDNN that computes single layers right and stacks wrong is found out.
TEST_CASE_FIXTURE(StackOnTheDoubles,
                  "wrong stacks are found by the self-check") {
  setenv("CUDNN_GRU_DOUBLE", "stack_error=1000000000", 1);
  CudnnStackRun<float> run(FusedSpec(2, 1, 4));
  CHECK(!FindObstacle(run.call()).has_value());
  const std::optional<StackObstacle> here = FindObstacleHere(run.call());
  CHECK_MESSAGE(here.has_value(), "wrong numbers are trusted");
  if (here.has_value()) {
    CHECK_MESSAGE(here->reason.find("A tiny stack of layers in one cuDNN call "
                                    "failed: its result differs from the "
                                    "reference by ") == 0,
                  here->reason);
  }
  GruStack stack;
  const int64_t calls = Counter("calls.cudnnRNNForward");
  run.Forward(&stack);
  CHECK(Counter("calls.cudnnRNNForward") == calls + 2);
}

// The other algorithms are tried for stacks, too.
TEST_CASE_FIXTURE(StackOnTheDoubles, "small stacks have their algorithm") {
  CudnnStackRun<float> run(FusedSpec(2, 2, 4));
  CHECK(!FindObstacleHere(run.call()).has_value());
  GruStack stack;
  // Few rows come time-major first.
  const int64_t small = Counter("algorithm.small_time_major.forward");
  run.ForwardKeepingPass(&stack);
  CHECK(Counter("algorithm.small_time_major.forward") == small + 1);
  // Backward refuses it: forward is computed again with the standard one.
  SetFaults("cudnnRNNBackwardData_v8 1 1 3000");
  run.Backward();
  SetFaults("");
}

// Where the algorithm takes time-major data only, the tensors are turned.
TEST_CASE_FIXTURE(StackOnTheDoubles, "a stack's data may be time-major") {
  setenv("CUDNN_GRU_DOUBLE", "small_h_forward=1", 1);
  for (Merge merge : {Merge::kConcat, Merge::kMul, Merge::kSeparate}) {
    for (bool sequences : {false, true}) {
      StackSpec spec = FusedSpec(2, 2, 4);
      spec.layers.back().merge = merge;
      spec.layers.back().return_sequences = sequences;
      CudnnStackRun<float> run(spec);
      CHECK(!FindObstacleHere(run.call()).has_value());
      GruStack stack;
      const int64_t turned = Counter("algorithm.small_time_major.forward");
      run.ForwardKeepingPass(&stack);
      CHECK(Counter("algorithm.small_time_major.forward") == turned + 1);
      run.Backward();
    }
  }
}

// Gradients that nobody wants or has are left out.
TEST_CASE_FIXTURE(StackOnTheDoubles, "a stack leaves gradients out") {
  for (Merge merge : {Merge::kConcat, Merge::kMul, Merge::kSeparate}) {
    for (bool sequences : {false, true}) {
      StackSpec spec = FusedSpec(2, 2, 4);
      spec.masking = Masking::kLengths;
      spec.layers.back().merge = merge;
      spec.layers.back().return_sequences = sequences;
      StackProblem<double> problem(spec, 3, Reference());
      std::vector<std::vector<double>> results;
      StackCall call = problem.Call(&results);
      const StackCall on_cpu = call;
      MoveToCudnn(&call);
      std::vector<std::vector<double>> gradients[2];
      for (int cudnn = 0; cudnn < 2; ++cudnn) {
        GruStack stack;
        std::unique_ptr<GruStackPass> pass;
        CHECK(stack.ForwardKeepingPass(cudnn ? call : on_cpu, {1}, &pass).ok());
        StackGradients targets = problem.Targets(&gradients[cudnn]);
        targets.d_outputs[0] = nullptr;
        targets.d_inputs = nullptr;
        targets.halves[1].d_state = nullptr;
        targets.halves[2].d_initial_state = nullptr;
        targets.halves[3].d_kernel = nullptr;
        targets.halves[0].d_bias = nullptr;
        CHECK(pass->Backward(targets, 1, nullptr).ok());
      }
      CHECK(WorstOf(gradients[1], gradients[0]) <= 1e-12);
    }
  }
}

}  // namespace
}  // namespace cudnn_gru_test
