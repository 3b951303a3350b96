// Stacks of layers in one cuDNN call, on the test doubles: against the layers
// called one by one on the CPU and on cuDNN, forward and backward; and what
// keeps a stack from being one call.
#include <functional>
#include <optional>
#include <string>

#include "core/cancellation.h"
#include "core/one_by_one.h"
#include "cudnn/chunking.h"
#include "cudnn/memory_pool.h"
#include "cudnn/stack/obstacles.h"
#include "cudnn_stack_fixture.h"

namespace cudnn_gru_test {
namespace {

using namespace cudnn_gru;

const std::vector<CpuIsa> kReference = {CpuIsa{"reference", nullptr}};

// Those of docs/cudnn-notes.md.
template <typename T>
double ToleranceOf(StateRounding rounding) {
  if (rounding == StateRounding::kFloat16) return 4e-3;
  if (rounding == StateRounding::kBfloat16) return 3e-2;
  return sizeof(T) == 4 ? 1e-5 : 1e-12;
}

// How a call says where its rows end.
enum class Ends { kNone, kLengths, kMask };

// Lengths as a mask.
std::vector<uint8_t> MaskOf(const StackCall& call) {
  std::vector<uint8_t> mask(call.batch * call.timesteps);
  for (size_t row = 0; row < call.batch; ++row) {
    std::fill_n(
        mask.begin() + static_cast<std::ptrdiff_t>(row * call.timesteps),
        call.lengths[row], uint8_t{1});
  }
  return mask;
}

// The largest errors of all cases of one type.
struct Errors {
  double forward = 0;
  double backward = 0;
  double beside_single_calls = 0;
};

// One configuration and all its results.
template <typename T>
class FusedCase : public StackOnTheDoubles {
 public:
  FusedCase(const StackSpec& spec, Ends ends, const std::string& name)
      : spec_(spec), ends_(ends), name_(name), problem_(spec, 3, kReference) {}

  // The layer's tolerance holds for each gradient of one layer. In 16 bits the
  // errors of later layers reach the earlier ones; those of the layers called
  // one by one on cuDNN are as large.
  void Run(Errors* errors) {
    const double tolerance = ToleranceOf<T>(spec_.rounding);
    const bool half = spec_.rounding != StateRounding::kNone;
    const double layers = static_cast<double>(spec_.layers.size());
    Results expected;
    Results expected_gradients;
    Status status = problem_.OneByOne(&expected, &expected_gradients);
    Good(status, "the layers on the CPU");
    Results found;
    Results gradients;
    GruStack stack;
    RunFused(&stack, {1}, &found, &gradients);
    Near(found, expected, tolerance, "forward", &errors->forward);
    Near(gradients, expected_gradients, half ? layers * tolerance : tolerance,
         "backward", &errors->backward);
    Results single;
    Results single_gradients;
    RunOneByOne(&single, &single_gradients);
    double* const beside = &errors->beside_single_calls;
    Near(found, single, tolerance, "forward, beside one by one", beside);
    Near(gradients, single_gradients, tolerance, "backward, beside one by one",
         beside);

    Results again;
    Results gradients_again;
    const Cancellation cancellation;
    RunFused(&stack, {4, &cancellation}, &again, &gradients_again);
    CHECK_MESSAGE(SameBits(again, found), name_, ": 4 threads change a bit");
    CHECK_MESSAGE(SameBits(gradients_again, gradients), name_,
                  ": 4 threads change a bit of a gradient");
  }

 private:
  using Results = std::vector<std::vector<T>>;

  void Good(const Status& status, const char* what) const {
    CHECK_MESSAGE(status.ok(), name_, ", ", what, ": ", status.message());
  }

  void Near(const Results& found, const Results& expected, double tolerance,
            const char* what, double* largest) const {
    const double worst = WorstOf(found, expected);
    CHECK_MESSAGE(worst <= tolerance,
                  Format("%s, %s: off by %g", name_.c_str(), what, worst));
    *largest = std::max(*largest, worst);
  }

  StackCall CallInto(Results* results) {
    StackCall call = problem_.Call(results);
    if (ends_ == Ends::kMask) {
      mask_ = MaskOf(call);
      call.mask = mask_.data();
      call.lengths = nullptr;
    }
    // Another call with the same weights has the same backends.
    if (moved_.empty()) {
      MoveToCudnn(&call);
      moved_ = call.layers;
    }
    for (size_t i = 0; i < call.layers.size(); ++i) {
      for (size_t half = 0; half < 2; ++half) {
        call.layers[i].halves[half].backend = moved_[i].halves[half].backend;
      }
    }
    return call;
  }

  void RunFused(GruStack* stack, const ComputeOptions& options,
                Results* results, Results* gradients) {
    StackCall call = CallInto(results);
    const std::optional<StackObstacle> obstacle = FindObstacleHere(call);
    CHECK_MESSAGE(!obstacle.has_value(), name_, ": ", obstacle->reason);
    int64_t calls = Counter("calls.cudnnRNNForward");
    Good(stack->Forward(call, options), "inference");
    CHECK_MESSAGE(Counter("calls.cudnnRNNForward") == calls + Launches(call),
                  name_, ": not one call");
    problem_.WidenResults(results);
    const Results alone = *results;
    call = CallInto(results);
    calls = Counter("calls.cudnnRNNForward");
    std::unique_ptr<GruStackPass> pass;
    Good(stack->ForwardKeepingPass(call, options, &pass), "training");
    CHECK_MESSAGE(Counter("calls.cudnnRNNForward") == calls + Launches(call),
                  name_, ": not one call in training");
    problem_.WidenResults(results);
    CHECK_MESSAGE(SameBits(*results, alone), name_,
                  ": training gives another output");
    calls = Counter("calls.cudnnRNNBackwardData_v8");
    Good(pass->Backward(problem_.Targets(gradients), options.threads,
                        options.cancellation),
         "gradients");
    CHECK_MESSAGE(
        Counter("calls.cudnnRNNBackwardData_v8") == calls + Launches(call),
        name_, ": not one call backward");
    CHECK_MESSAGE(pass->spent(), name_, ": the pass is not spent");
    StackGradients twice = problem_.Targets(&spare_);
    CHECK_MESSAGE(
        pass->Backward(twice, 1, nullptr).code() == StatusCode::kState, name_,
        ": a pass serves twice");
  }

  // Nothing is launched when every row is empty.
  static int64_t Launches(const StackCall& call) {
    if (call.mask != nullptr) {
      return std::any_of(call.mask, call.mask + call.batch * call.timesteps,
                         [](uint8_t step) { return step != 0; });
    }
    return call.lengths == nullptr ||
           std::any_of(call.lengths, call.lengths + call.batch,
                       [](int32_t length) { return length > 0; });
  }

  // The same layers on cuDNN, called one by one.
  void RunOneByOne(Results* results, Results* gradients) {
    GruStackPass pass;
    Good(ForwardOneByOne(CallInto(results), {1}, &pass), "one by one");
    problem_.WidenResults(results);
    Good(pass.Backward(problem_.Targets(gradients), 1, nullptr),
         "gradients one by one");
  }

  const StackSpec spec_;
  const Ends ends_;
  const std::string name_;
  StackProblem<T> problem_;
  std::vector<StackLayer> moved_;
  std::vector<uint8_t> mask_;
  Results spare_;
};

std::string NameOf(const StackSpec& spec, Ends ends) {
  const LayerSpec& last = spec.layers.back();
  return Format(
      "%zu layers, %zu directions, %zu units, merge %d, ends %d%s%s%s",
      spec.layers.size(), last.halves.size(), last.halves[0].units,
      static_cast<int>(last.merge), static_cast<int>(ends),
      last.return_sequences ? ", sequences" : "",
      last.halves[0].zero_output_for_mask ? ", zero outputs" : "",
      last.halves[0].initial_state ? ", initial states" : "");
}

// Every form of one shape.
template <typename T>
size_t RunForms(size_t layers, size_t directions, StateRounding rounding,
                Errors* errors) {
  const std::vector<Merge> merges =
      directions == 1
          ? std::vector<Merge>{Merge::kNone}
          : std::vector<Merge>{Merge::kConcat, Merge::kSum, Merge::kMul,
                               Merge::kAve, Merge::kSeparate};
  size_t count = 0;
  for (Merge merge : merges) {
    for (Ends ends : {Ends::kNone, Ends::kLengths, Ends::kMask}) {
      for (int flags = 0; flags < 4; ++flags, ++count) {
        StackSpec spec = FusedSpec(layers, directions, count % 3 * 7 + 3);
        spec.rounding = rounding;
        spec.bits = rounding != StateRounding::kNone && count % 2 == 0;
        spec.masking = ends == Ends::kNone ? Masking::kNone : Masking::kLengths;
        spec.layers.back().merge = merge;
        spec.layers.back().return_sequences = (flags & 1) != 0;
        size_t half_index = 0;
        for (LayerSpec& layer : spec.layers) {
          for (HalfSpec& half : layer.halves) {
            half.zero_output_for_mask = (flags & 2) != 0;
            // All, none or some of them.
            half.initial_state = (count + half_index++ % 2) % 3 != 0;
          }
        }
        FusedCase<T>(spec, ends, NameOf(spec, ends)).Run(errors);
      }
    }
  }
  return count;
}

template <typename T>
void RunShapes(StateRounding rounding) {
  Errors errors;
  size_t count = 0;
  for (size_t layers : {2, 3}) {
    count += RunForms<T>(layers, 1, rounding, &errors);
  }
  for (size_t layers : {1, 2, 3}) {
    count += RunForms<T>(layers, 2, rounding, &errors);
  }
  std::printf(
      "%zu stacks: forward %.2g, gradients %.2g, beside single calls %.2g\n",
      count, errors.forward, errors.backward, errors.beside_single_calls);
}

TEST_CASE("float32 stacks") { RunShapes<float>(StateRounding::kNone); }
TEST_CASE("float64 stacks") { RunShapes<double>(StateRounding::kNone); }
TEST_CASE("float16 stacks") { RunShapes<float>(StateRounding::kFloat16); }
TEST_CASE("bfloat16 stacks") { RunShapes<float>(StateRounding::kBfloat16); }

TEST_CASE("a stack in several pieces") {
  StackSpec spec = FusedSpec(2, 2, 8);
  spec.batch = 200;
  spec.timesteps = 500;
  spec.features = 6;
  spec.masking = Masking::kLengths;
  Errors errors;
  FusedCase<float>(spec, Ends::kLengths, "large").Run(&errors);
  spec.layers.back().merge = Merge::kMul;
  FusedCase<float>(spec, Ends::kLengths, "large product").Run(&errors);
}

TEST_CASE("a stack with empty rows") {
  for (Merge merge : {Merge::kConcat, Merge::kMul, Merge::kSeparate}) {
    for (bool sequences : {false, true}) {
      StackSpec spec = FusedSpec(2, 2, 4);
      spec.masking = Masking::kLengths;
      spec.timesteps = 1;
      spec.layers.back().merge = merge;
      spec.layers.back().return_sequences = sequences;
      // Lengths are 0 or 1; the seed of the problem gives some of both.
      Errors errors;
      FusedCase<double>(spec, Ends::kLengths, "one step").Run(&errors);
    }
  }
}

// What each of these changes keeps a call from being one.
class Obstructed : public StackOnTheDoubles {
 protected:
  // Changes the call of two layers, or two bidirectional ones.
  void Check(size_t directions, const std::function<void(StackSpec*)>& spec,
             const std::function<void(StackCall*)>& change,
             const std::string& reason) {
    StackSpec made = FusedSpec(2, directions, 4);
    if (spec) spec(&made);
    StackProblem<float> problem(made, 3, kReference);
    std::vector<std::vector<float>> results;
    StackCall call = problem.Call(&results);
    MoveToCudnn(&call);
    if (change) change(&call);
    const std::optional<StackObstacle> found = FindObstacle(call);
    CHECK_MESSAGE(found.has_value(), "no obstacle: ", reason);
    if (found.has_value()) {
      CHECK_MESSAGE(found->reason == reason, found->reason);
      CHECK_MESSAGE(found->layer.has_value() ==
                        (reason.find("ayer 0") != std::string::npos ||
                         reason.find("ayer 1") != std::string::npos ||
                         reason.find("one GRU") != std::string::npos),
                    reason);
    }
  }
};

TEST_CASE_FIXTURE(Obstructed, "obstacles have a reason and a layer") {
  Check(
      1, [](StackSpec* spec) { spec->layers.pop_back(); }, nullptr,
      "The stack is one GRU, whose call is one anyway.");
  Check(
      1, [](StackSpec* spec) { spec->layers[1].halves[0].units = 5; }, nullptr,
      "Layer 1 has units: 5, and layer 0 has 4.");
  Check(
      2, [](StackSpec* spec) { spec->layers[1].halves[1].units = 5; }, nullptr,
      "The backward half of layer 1 has units: 5, and layer 0 has 4.");
  Check(
      1, [](StackSpec* spec) { spec->layers[0].halves[0].reset_after = false; },
      nullptr, "Layer 0 has no `reset_after`.");
  Check(
      1,
      [](StackSpec* spec) {
        spec->layers[1].halves[0].activation = Activation::kRelu;
      },
      nullptr, "Layer 1 has other activations than tanh and sigmoid.");
  Check(
      2,
      [](StackSpec* spec) {
        spec->layers[1].halves.pop_back();
        spec->layers[1].merge = Merge::kNone;
      },
      nullptr, "Layer 1 has one direction, and layer 0 has two.");
  Check(
      1,
      [](StackSpec* spec) {
        spec->layers[1].halves.push_back(spec->layers[1].halves[0]);
        spec->layers[1].merge = Merge::kSum;
      },
      nullptr, "Layer 0 has one direction, and layer 1 has two.");
  Check(
      2, [](StackSpec* spec) { spec->layers[0].merge = Merge::kSum; }, nullptr,
      "Layer 0 has another merge mode than concat, which only the last layer "
      "may have.");
  Check(
      1,
      [](StackSpec* spec) {
        spec->layers[1].halves[0].input_dropout_masks = 1;
      },
      nullptr, "Layer 1 has dropout in training.");
  Check(
      2,
      [](StackSpec* spec) {
        spec->layers[0].halves[1].recurrent_dropout = true;
      },
      nullptr, "The backward half of layer 0 has dropout in training.");
  Check(
      1, [](StackSpec* spec) { spec->layers[0].halves[0].go_backwards = true; },
      nullptr, "Layer 0 goes backwards.");
  Check(
      2, [](StackSpec* spec) { spec->layers[1].halves[0].go_backwards = true; },
      nullptr, "The forward half of layer 1 goes backwards.");
  Check(
      2,
      [](StackSpec* spec) { spec->layers[1].halves[1].go_backwards = false; },
      nullptr, "The backward half of layer 1 goes forwards.");
}

TEST_CASE_FIXTURE(Obstructed, "whole calls have obstacles") {
  const uint8_t mask[4 * 5] = {1, 0, 1};
  Check(
      1, nullptr, [&](StackCall* call) { call->mask = mask; },
      "Expected a strictly right-padded `mask` for cuDNN but received another "
      "in row 0.");
  Check(
      1, nullptr, [](StackCall* call) { call->timesteps = 65536; },
      "The call has 65536 timesteps. One cuDNN call takes 65535, and only "
      "single layers can be divided in time.");
  Check(
      1, nullptr, [](StackCall* call) { call->batch = 0; },
      "The call has no rows, or no features.");
  Check(
      1, nullptr, [](StackCall* call) { call->batch = size_t{1} << 29; },
      "The call has sizes of more than 31 bits.");
}

TEST_CASE_FIXTURE(Obstructed, "layers of two devices are no single call") {
  StackProblem<float> problem(FusedSpec(2, 1, 4), 3, kReference);
  std::vector<std::vector<float>> results;
  StackCall call = problem.Call(&results);
  MoveToCudnn(&call);
  std::shared_ptr<const GruBackend>& second = call.layers[1].halves[0].backend;
  second = std::make_shared<CudnnBackend>(
      std::make_shared<CudnnLayer>(second->description(), 1), nullptr);
  const std::optional<StackObstacle> found = FindObstacle(call);
  CHECK_MESSAGE(found.has_value(), "two devices in one call");
  if (found.has_value()) {
    CHECK(found->reason == "Layer 1 has CUDA device 1, and layer 0 has 0.");
  }
}

// An obstacle does not keep the stack from being computed.
TEST_CASE_FIXTURE(StackOnTheDoubles, "layers that do not fit go one by one") {
  StackSpec spec = FusedSpec(3, 1, 4);
  spec.layers[1].halves[0].units = 6;
  StackProblem<float> problem(spec, 3, kReference);
  std::vector<std::vector<float>> expected;
  CHECK(problem.OneByOne(&expected, nullptr).ok());
  std::vector<std::vector<float>> found;
  StackCall call = problem.Call(&found);
  MoveToCudnn(&call);
  GruStack stack;
  const int64_t calls = Counter("calls.cudnnRNNForward");
  const Status status = stack.Forward(call, {1});
  CHECK_MESSAGE(status.ok(), status.message());
  CHECK(Counter("calls.cudnnRNNForward") == calls + 3);
  CHECK(WorstOf(found, expected) <= 1e-5);
}

// New weights replace those on the device.
TEST_CASE_FIXTURE(StackOnTheDoubles, "a stack keeps one version of weights") {
  GruStack stack;
  size_t bytes = 0;
  for (uint64_t seed = 1; seed < 6; ++seed) {
    StackProblem<float> problem(FusedSpec(2, 2, 16), seed, kReference);
    std::vector<std::vector<float>> expected;
    CHECK(problem.OneByOne(&expected, nullptr).ok());
    std::vector<std::vector<float>> found;
    StackCall call = problem.Call(&found);
    MoveToCudnn(&call);
    for (int i = 0; i < 2; ++i) {
      const int64_t uploads = Counter("calls.cuMemcpyHtoDAsync_v2");
      const Status status = stack.Forward(call, {1});
      CHECK_MESSAGE(status.ok(), status.message());
      CHECK_MESSAGE(WorstOf(found, expected) <= 1e-5, "old weights");
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
  StackProblem<float> problem(FusedSpec(2, 1, 4), 3, kReference);
  std::vector<std::vector<float>> results;
  StackCall call = problem.Call(&results);
  MoveToCudnn(&call);
  GruStack stack;
  CHECK(stack.Forward(call, {1}).ok());
  const int64_t calls = Counter("calls.cudnnRNNForward");
  Cancellation cancellation;
  cancellation.Request();
  CHECK(stack.Forward(call, {1, &cancellation}).code() == StatusCode::kAborted);
  std::unique_ptr<GruStackPass> pass;
  CHECK(stack.ForwardKeepingPass(call, {1, &cancellation}, &pass).code() ==
        StatusCode::kAborted);
  CHECK(pass == nullptr);
  CHECK(Counter("calls.cudnnRNNForward") == calls);
}

// TF32 may be used when it is allowed, as in a single layer.
TEST_CASE_FIXTURE(StackOnTheDoubles, "a stack uses TF32 when it is allowed") {
  StackProblem<float> problem(FusedSpec(2, 2, 4), 3, kReference);
  std::vector<std::vector<float>> exact;
  StackCall call = problem.Call(&exact);
  MoveToCudnn(&call);
  GruStack stack;
  CHECK(stack.Forward(call, {1}).ok());
  const std::vector<std::vector<float>> kept = exact;
  ComputeOptions options;
  options.tf32 = Tf32::kAllowed;
  CHECK(stack.Forward(call, options).ok());
  const double worst = WorstOf(exact, kept);
  CHECK_MESSAGE((worst > 1e-6 && worst < 1e-2), Format("%g", worst));
}

// A cuDNN that computes single layers right and stacks wrong is found out.
TEST_CASE_FIXTURE(StackOnTheDoubles,
                  "wrong stacks are found by the self-check") {
  setenv("CUDNN_GRU_DOUBLE", "stack_error=1000000000", 1);
  StackProblem<float> problem(FusedSpec(2, 1, 4), 3, kReference);
  std::vector<std::vector<float>> expected;
  CHECK(problem.OneByOne(&expected, nullptr).ok());
  std::vector<std::vector<float>> found;
  StackCall call = problem.Call(&found);
  MoveToCudnn(&call);
  CHECK(!FindObstacle(call).has_value());
  const std::optional<StackObstacle> here = FindObstacleHere(call);
  CHECK_MESSAGE(here.has_value(), "wrong numbers are trusted");
  if (here.has_value()) {
    CHECK_MESSAGE(here->reason.find("A tiny stack of layers in one cuDNN call "
                                    "failed: its result differs from the "
                                    "reference by ") == 0,
                  here->reason);
  }
  GruStack stack;
  const int64_t calls = Counter("calls.cudnnRNNForward");
  CHECK(stack.Forward(call, {1}).ok());
  CHECK(Counter("calls.cudnnRNNForward") == calls + 2);
  CHECK(WorstOf(found, expected) <= 1e-5);
}

// The other algorithms are tried for stacks, too.
TEST_CASE_FIXTURE(StackOnTheDoubles, "small stacks have their algorithm") {
  StackProblem<float> problem(FusedSpec(2, 2, 4), 3, kReference);
  std::vector<std::vector<float>> expected;
  std::vector<std::vector<float>> expected_gradients;
  CHECK(problem.OneByOne(&expected, &expected_gradients).ok());
  std::vector<std::vector<float>> found;
  std::vector<std::vector<float>> gradients;
  StackCall call = problem.Call(&found);
  MoveToCudnn(&call);
  CHECK(!FindObstacleHere(call).has_value());
  GruStack stack;
  const int64_t small = Counter("algorithm.small.forward");
  std::unique_ptr<GruStackPass> pass;
  CHECK(stack.ForwardKeepingPass(call, {1}, &pass).ok());
  CHECK(Counter("algorithm.small.forward") == small + 1);
  // Backward refuses it: forward is computed again with the standard one.
  SetFaults("cudnnRNNBackwardData_v8 1 1 3000");
  const Status status = pass->Backward(problem.Targets(&gradients), 1, nullptr);
  SetFaults("");
  CHECK_MESSAGE(status.ok(), status.message());
  CHECK(WorstOf(found, expected) <= 1e-5);
  CHECK(WorstOf(gradients, expected_gradients) <= 1e-5);
}

// Gradients that nobody wants or has are left out.
TEST_CASE_FIXTURE(StackOnTheDoubles, "a stack leaves gradients out") {
  for (Merge merge : {Merge::kConcat, Merge::kMul, Merge::kSeparate}) {
    for (bool sequences : {false, true}) {
      StackSpec spec = FusedSpec(2, 2, 4);
      spec.masking = Masking::kLengths;
      spec.layers.back().merge = merge;
      spec.layers.back().return_sequences = sequences;
      StackProblem<double> problem(spec, 3, kReference);
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
