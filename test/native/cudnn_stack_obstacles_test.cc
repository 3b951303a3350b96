// What keeps a stack of layers from being one cuDNN call, in words.
#include <functional>
#include <optional>
#include <string>

#include "cudnn/stack/obstacles.h"
#include "cudnn_stack_fixture.h"

namespace cudnn_gru_test {
namespace {

using namespace cudnn_gru;

// What each of these changes keeps a call from being one.
class Obstructed : public StackOnTheDoubles {
 protected:
  // Changes the call of two layers, or two bidirectional ones.
  void Check(size_t directions, const std::function<void(StackSpec*)>& spec,
             const std::function<void(StackCall*)>& change,
             const std::string& reason) {
    StackSpec made = FusedSpec(2, directions, 4);
    if (spec) spec(&made);
    StackProblem<float> problem(made, 3, Reference());
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
      "Layer 1 has 5 units, and the first GRU has 4.");
  Check(
      2, [](StackSpec* spec) { spec->layers[1].halves[1].units = 5; }, nullptr,
      "The backward half of layer 1 has 5 units, and the first GRU has 4.");
  Check(
      1, [](StackSpec* spec) { spec->layers[0].halves[0].reset_after = false; },
      nullptr, "Layer 0 has `reset_after: false`.");
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
  StackProblem<float> problem(FusedSpec(2, 1, 4), 3, Reference());
  std::vector<std::vector<float>> results;
  StackCall call = problem.Call(&results);
  MoveToCudnn(&call);
  std::shared_ptr<const GruBackend>& second = call.layers[1].halves[0].backend;
  second = std::make_shared<CudnnBackend>(
      std::make_shared<CudnnLayer>(second->description(), 1), nullptr);
  const std::optional<StackObstacle> found = FindObstacle(call);
  CHECK_MESSAGE(found.has_value(), "two devices in one call");
  if (found.has_value()) {
    CHECK(found->reason ==
          "Layer 1 is on CUDA device 1, and the first GRU on device 0.");
  }
}

}  // namespace
}  // namespace cudnn_gru_test
