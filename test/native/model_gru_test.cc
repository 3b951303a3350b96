// The instruction `gru` of native programs. Its results must have the bits of
// the GRUs' own calls.
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/gru_stack.h"
#include "cpu/cpu_backend.h"
#include "cpu/weights/weights.h"
#include "model_case.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Merge;

std::shared_ptr<const cudnn_gru::GruBackend> MakeBackend(ModelCase* model,
                                                         ElementType type,
                                                         size_t features,
                                                         size_t units) {
  cudnn_gru::GruDescription description;
  description.dtype = type == ElementType::kFloat32
                          ? cudnn_gru::Dtype::kFloat32
                          : cudnn_gru::Dtype::kFloat64;
  description.features = features;
  description.units = units;
  description.activation.kind = cudnn_gru::Activation::kTanh;
  description.recurrent_activation.kind = cudnn_gru::Activation::kSigmoid;
  const auto random = [&](size_t count) {
    return ToArray(type,
                   RandomValues(&model->generator, type, count, -0.5, 0.5));
  };
  const std::vector<char> kernel = random(features * 3 * units);
  const std::vector<char> recurrent = random(units * 3 * units);
  const std::vector<char> bias = random(6 * units);
  std::shared_ptr<const cudnn_gru::CpuWeights> weights;
  REQUIRE(cudnn_gru::CpuWeights::Create(description, model->isa, kernel.data(),
                                        recurrent.data(), bias.data(), &weights)
              .ok());
  return std::make_shared<cudnn_gru::CpuBackend>(weights);
}

struct GruCase {
  size_t steps;
  size_t features;
  std::vector<size_t> units;  // of a GRU or of two halves, for each layer
  std::vector<Merge> merges;
  bool return_sequences;
  bool masked;
  bool states;
};

// The GRUs' own call, whose tensors are those of the model.
struct OwnCall {
  cudnn_gru::StackCall call;
  std::vector<std::vector<char>> arrays;

  void* Array(size_t bytes) {
    arrays.emplace_back(bytes);
    return arrays.back().data();
  }
};

void MakeGruCase(const GruCase& c, ElementType type, ModelCase* model) {
  constexpr size_t kRepeat = 2;
  const size_t batch = model->rows * kRepeat;
  const size_t element = cudnn_gru::ElementSize(type);
  model->tolerance = 0;
  OwnCall own;
  own.arrays.reserve(20);
  cudnn_gru::GruSpec spec;
  spec.repeat = kRepeat;
  spec.steps = c.steps;
  spec.return_sequences = c.return_sequences;
  spec.x = model->RandomInput(type, kRepeat * c.steps * c.features);
  const std::vector<char> inputs = ToArray(type, model->inputs[0]);
  own.call.batch = batch;
  own.call.timesteps = c.steps;
  own.call.inputs = inputs.data();
  std::vector<char> mask;
  if (c.masked) {
    spec.mask = model->RandomInput(ElementType::kBool, kRepeat * c.steps);
    mask = ToArray(ElementType::kBool, model->inputs[1]);
    own.call.mask = reinterpret_cast<const uint8_t*>(mask.data());
  }
  std::vector<std::pair<TensorId, const void*>> states;
  size_t features = c.features;
  for (size_t i = 0; i < c.merges.size(); ++i) {
    const size_t count = c.merges[i] == Merge::kNone ? 1 : 2;
    cudnn_gru::GruLayerSpec layer;
    cudnn_gru::StackLayer own_layer;
    layer.merge = own_layer.merge = c.merges[i];
    own_layer.half_count = count;
    own_layer.return_sequences = i + 1 < c.merges.size() || c.return_sequences;
    for (size_t half = 0; half < count; ++half) {
      cudnn_gru::GruHalfSpec part;
      cudnn_gru::StackHalf& own_half = own_layer.halves[half];
      part.backend = MakeBackend(model, type, features, c.units[i]);
      part.go_backwards = half == 1;
      own_half.backend = part.backend;
      own_half.go_backwards = part.go_backwards;
      const size_t state_bytes = batch * c.units[i] * element;
      own_half.state = own.Array(state_bytes);
      if (c.states) {
        part.initial_state = model->RandomInput(type, kRepeat * c.units[i]);
        const std::vector<char> initial = ToArray(type, model->inputs.back());
        own_half.initial_state =
            std::memcpy(own.Array(state_bytes), initial.data(), state_bytes);
        part.state = model->Tensor(type, kRepeat * c.units[i]);
        states.emplace_back(*part.state, own_half.state);
      }
      layer.halves.push_back(part);
    }
    spec.layers.push_back(layer);
    own.call.layers.push_back(own_layer);
    features = cudnn_gru::WidthOf(own_layer);
  }
  cudnn_gru::StackSizes sizes;
  REQUIRE(cudnn_gru::CheckStack(own.call, &sizes).ok());
  for (size_t i = 0; i < 2 && sizes.outputs[i] > 0; ++i) {
    own.call.outputs[i] = own.Array(sizes.outputs[i] * element);
    spec.outputs.push_back(model->Tensor(type, sizes.outputs[i] / model->rows));
  }
  model->spec.instructions.push_back(spec);
  REQUIRE(cudnn_gru::GruStack().Forward(own.call, {}).ok());
  const auto output = [&](TensorId id, const void* data, size_t count) {
    const char* const bytes = static_cast<const char*>(data);
    model->Output(
        id, FromArray(type, std::vector<char>(bytes, bytes + count * element)));
  };
  for (size_t i = 0; i < spec.outputs.size(); ++i) {
    output(spec.outputs[i], own.call.outputs[i], sizes.outputs[i]);
  }
  for (const auto& [id, data] : states) {
    output(id, data, model->spec.tensors[id].size * model->rows);
  }
}

TEST_CASE("gru") {
  const GruCase cases[] = {
      {1, 3, {4}, {Merge::kNone}, false, false, false},
      {9, 3, {17}, {Merge::kNone}, true, true, true},
      {12, 0, {5}, {Merge::kNone}, true, false, true},
      {7, 4, {6}, {Merge::kConcat}, true, true, true},
      {7, 4, {6}, {Merge::kSeparate}, false, false, true},
      {7, 4, {6}, {Merge::kSeparate}, true, true, false},
      {8, 5, {6, 9}, {Merge::kNone, Merge::kNone}, true, true, true},
      {8,
       5,
       {6, 9, 4},
       {Merge::kSum, Merge::kConcat, Merge::kNone},
       false,
       true,
       true},
      // Large enough for threads.
      {20, 40, {96, 96}, {Merge::kNone, Merge::kNone}, true, false, true},
      {20, 40, {200}, {Merge::kNone}, false, false, false},
  };
  for (const GruCase& c : cases) {
    for (const ElementType type :
         {ElementType::kFloat32, ElementType::kFloat64}) {
      CheckModel("gru", 3,
                 [&](ModelCase* model) { MakeGruCase(c, type, model); });
    }
  }
}

TEST_CASE("a gru that does not fit is refused") {
  const auto refused = [](cudnn_gru::StatusCode code, const char* text,
                          void (*change)(ModelCase*, cudnn_gru::GruSpec*)) {
    ModelCase model;
    model.isa = cudnn_gru::AvailableIsas().back();
    cudnn_gru::GruSpec spec;
    spec.x = model.RandomInput(ElementType::kFloat32, 4 * 3);
    spec.steps = 4;
    spec.outputs = {model.Tensor(ElementType::kFloat32, 5)};
    spec.layers.resize(1);
    spec.layers[0].halves.resize(1);
    spec.layers[0].halves[0].backend =
        MakeBackend(&model, ElementType::kFloat32, 3, 5);
    change(&model, &spec);
    model.spec.instructions.push_back(spec);
    CheckRefused(model, code, text);
  };
  using cudnn_gru::GruSpec;
  using cudnn_gru::StatusCode;
  refused(StatusCode::kShape, "`x`",
          [](ModelCase*, GruSpec* spec) { spec->steps = 5; });
  refused(StatusCode::kShape, "timestep",
          [](ModelCase*, GruSpec* spec) { spec->steps = 0; });
  refused(StatusCode::kShape, "`outputs`",
          [](ModelCase*, GruSpec* spec) { spec->return_sequences = true; });
  refused(StatusCode::kShape, "`outputs`",
          [](ModelCase*, GruSpec* spec) { spec->outputs.clear(); });
  refused(StatusCode::kArgument, "a GRU",
          [](ModelCase*, GruSpec* spec) { spec->layers.clear(); });
  refused(StatusCode::kArgument, "a GRU",
          [](ModelCase*, GruSpec* spec) { spec->layers[0].halves.clear(); });
  refused(StatusCode::kArgument, "one GRU or two",
          [](ModelCase*, GruSpec* spec) {
            spec->layers[0].halves.resize(3, spec->layers[0].halves[0]);
          });
  refused(StatusCode::kArgument, "a merge", [](ModelCase*, GruSpec* spec) {
    spec->layers[0].merge = Merge::kSum;
  });
  refused(StatusCode::kDtype, "`mask`",
          [](ModelCase*, GruSpec* spec) { spec->mask = spec->x; });
  refused(StatusCode::kShape, "`initialState`", [](ModelCase*, GruSpec* spec) {
    spec->layers[0].halves[0].initial_state = spec->x;
  });
  refused(StatusCode::kArgument, "a tensor with rows",
          [](ModelCase* model, GruSpec* spec) {
            spec->layers[0].halves[0].initial_state =
                model->Constant(ElementType::kFloat32, {1, 2, 3, 4, 5});
          });
  refused(StatusCode::kArgument, "of its own", [](ModelCase*, GruSpec* spec) {
    spec->layers[0].halves[0].state = spec->outputs[0];
  });
  refused(StatusCode::kDtype, "`x`", [](ModelCase* model, GruSpec* spec) {
    spec->layers[0].halves[0].backend =
        MakeBackend(model, ElementType::kFloat64, 3, 5);
  });
}

}  // namespace
}  // namespace cudnn_gru_test
