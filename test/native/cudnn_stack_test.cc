// Stacks of layers in one cuDNN call, on the test doubles: against the layers
// called one by one on the CPU and on cuDNN, forward and backward.
#include <optional>
#include <string>

#include "core/cancellation.h"
#include "core/one_by_one.h"
#include "cudnn/stack/obstacles.h"
#include "cudnn_stack_fixture.h"

namespace cudnn_gru_test {
namespace {

using namespace cudnn_gru;

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
      : spec_(spec), ends_(ends), name_(name), problem_(spec, 3, Reference()) {}

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
  StackSpec spec = FusedSpec(1, 2, 8);
  spec.batch = 150;
  spec.timesteps = 480;
  spec.features = 16;
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

}  // namespace
}  // namespace cudnn_gru_test
