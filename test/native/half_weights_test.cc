// Layers whose weights stay 16-bit when they are packed, against the same
// kernels on weights that were widened: the bits must be the same, forward and
// backward, unless dots meet denormals. The scalar reference is the measure in
// forward_test.cc.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/half.h"
#include "cpu/weights/layer_choice.h"
#include "cpu/weights/packing.h"
#include "instruction_sets.h"
#include "problem.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::CpuIsa;
using cudnn_gru::KernelSet;
using cudnn_gru::LayerKernels;
using cudnn_gru::StateRounding;
using cudnn_gru::WeightFormat;

constexpr StateRounding kTypes[] = {StateRounding::kFloat16,
                                    StateRounding::kBfloat16};

const LayerKernels<float>* NarrowLayer(const KernelSet& kernels,
                                       StateRounding type) {
  return type == StateRounding::kFloat16 ? kernels.float16_layer
                                         : kernels.bfloat16_layer;
}

// Kernels that always widen the weights when they pack them.
KernelSet Widening(const KernelSet& kernels) {
  KernelSet set = kernels;
  set.float16_layer = set.bfloat16_layer = nullptr;
  return set;
}

// Kernels that never do, however small the layer is.
KernelSet Narrowing(const KernelSet& kernels, StateRounding type) {
  KernelSet set = Widening(kernels);
  set.f32.layer = *NarrowLayer(kernels, type);
  return set;
}

// The layers of instruction sets that have none for the type are skipped.
template <typename Check>
void ForEachLayer(const Check& check) {
  size_t found = 0;
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    for (StateRounding type : kTypes) {
      if (isa.kernels == nullptr || NarrowLayer(*isa.kernels, type) == nullptr)
        continue;
      ++found;
      check(isa, type);
    }
  }
  if (found == 0) Skip("no instruction set here reads weights of 16 bits");
}

void CompareLayers(const CpuIsa& isa, const Shape& shape, Options options,
                   uint64_t seed) {
  const KernelSet widening = Widening(*isa.kernels);
  const KernelSet narrowing = Narrowing(*isa.kernels, options.rounding);
  const Problem<float> problem(shape, options, seed);
  const std::string name = isa.name + (" " + problem.Name());
  Result<float> expected;
  Gradients<float> gradients;
  REQUIRE_MESSAGE(
      problem.Backward({isa.name, &widening}, 1, {}, &expected, &gradients)
          .ok(),
      name);
  for (int threads : {1, 2}) {
    Result<float> result, trained;
    Gradients<float> found;
    const CpuIsa narrow = {isa.name, &narrowing};
    REQUIRE_MESSAGE(
        problem.Forward(narrow, 0, shape.batch, threads, &result).ok(), name);
    REQUIRE_MESSAGE(
        problem.Backward(narrow, threads, {}, &trained, &found).ok(), name);
    CHECK_MESSAGE(
        (result.output == expected.output && result.state == expected.state),
        name);
    CHECK_MESSAGE(
        (trained.output == expected.output && trained.state == expected.state),
        name);
    if (threads > 1) continue;  // sums over rows depend on the division
    CHECK_MESSAGE((found.inputs == gradients.inputs &&
                   found.initial_state == gradients.initial_state &&
                   found.kernel == gradients.kernel &&
                   found.recurrent_kernel == gradients.recurrent_kernel &&
                   found.bias == gradients.bias),
                  "gradients of " << name);
  }
}

TEST_CASE_FIXTURE(WithBarriers, "weights of 16 bits give the same bits") {
  ForEachLayer([](const CpuIsa& isa, StateRounding type) {
    uint64_t seed = 31000;
    for (bool reset_after : {true, false}) {
      for (size_t units : {1, 7, 16, 33, 50}) {
        for (size_t batch : {1, 2, 5, 8, 19}) {
          Options options;
          options.rounding = type;
          options.reset_after = reset_after;
          options.initial_state = seed % 2 == 0;
          options.masking = seed % 3 == 0 ? Masking::kMask : Masking::kNone;
          options.go_backwards = seed % 5 == 0;
          CompareLayers(isa, {batch, 3, 1 + seed % 6, units}, options, seed);
          ++seed;
        }
      }
    }
  });
}

TEST_CASE("weights of 16 bits with dropout and activations of whole rows") {
  ForEachLayer([](const CpuIsa& isa, StateRounding type) {
    uint64_t seed = 32000;
    for (bool reset_after : {true, false}) {
      for (size_t masks : {0, 1, 3}) {
        Options options;
        options.rounding = type;
        options.reset_after = reset_after;
        options.input_dropout_masks = masks;
        options.recurrent_dropout = masks != 1;
        CompareLayers(isa, {9, 4, 5, 21}, options, seed++);
        options.activation = cudnn_gru::Activation::kSoftmax;
        CompareLayers(isa, {3, 4, 5, 21}, options, seed++);
      }
    }
  });
}

TEST_CASE("large layers keep weights of 16 bits, in half the memory") {
  ForEachLayer([](const CpuIsa& isa, StateRounding type) {
    const KernelSet widening = Widening(*isa.kernels);
    const auto weights_of = [&](const Shape& shape, const CpuIsa& kernels) {
      Options options;
      options.rounding = type;
      std::shared_ptr<const cudnn_gru::CpuWeights> weights;
      REQUIRE(
          Problem<float>(shape, options, 1).Weights(kernels, &weights).ok());
      return weights;
    };
    const Shape small = {1, 1, 64, 64}, large = {1, 1, 401, 399};
    // Dots are faster at every size.
    const bool dots = NarrowLayer(*isa.kernels, type)->dots;
    CHECK((weights_of(small, isa)->format() != WeightFormat::kPlain) == dots);
    const auto narrow = weights_of(large, isa);
    const auto widened = weights_of(large, {isa.name, &widening});
    CHECK(narrow->format() == NarrowLayer(*isa.kernels, type)->format);
    CHECK(widened->format() == WeightFormat::kPlain);
    CHECK(static_cast<double>(narrow->bytes()) <
          0.51 * static_cast<double>(widened->bytes()));
    CHECK(narrow->MatrixBytes(400) * 2 == widened->MatrixBytes(400));
    // The transposed weights are pairs of bfloat16 too if dots read them.
    const size_t before = narrow->bytes(), widened_before = widened->bytes();
    REQUIRE(narrow->Transpose().ok());
    REQUIRE(widened->Transpose().ok());
    const double added = static_cast<double>(narrow->bytes() - before);
    CHECK(added / static_cast<double>(widened->bytes() - widened_before) ==
          doctest::Approx(dots ? 0.5 : 1).epsilon(0.01));
  });
}

// One unit with one product of `weight` and `operand`, plus `bias`.
float ProductOf(const LayerKernels<float>& layer, size_t lanes, float weight,
                float operand, float bias) {
  const cudnn_gru::PackedShape shape = {1, lanes, lanes, 1};
  const std::vector<float> plain(shape.PanelSize(), weight);
  std::vector<uint32_t> packed(shape.PanelSize());
  cudnn_gru::NarrowPanel(plain.data(), shape, layer.format, packed.data());
  const std::vector<float> biases(shape.PanelSize(), bias);
  std::vector<float> result(shape.PanelSize());
  const float* const rows[] = {&operand};
  float* const out[] = {result.data()};
  cudnn_gru::ProductArguments<float> product;
  product.rows = product.depth = 1;
  for (auto& gate : product.operand) gate = rows;
  product.weights = packed.data();
  product.bias = biases.data();
  product.panel_begin = 0;
  product.panel_end = 1;
  product.out = out;
  layer.product(product);
  return result[0];
}

TEST_CASE("only dots count denormals as zeros") {
  constexpr float kDenormal = 0x1p-130f, kLarge = 0x1p100f;
  ForEachLayer([&](const CpuIsa& isa, StateRounding type) {
    const LayerKernels<float>& layer = *NarrowLayer(*isa.kernels, type);
    const size_t lanes = isa.kernels->f32.lanes;
    const auto product = [&](float weight, float operand, float bias) {
      return ProductOf(layer, lanes, weight, operand, bias);
    };
    if (type == StateRounding::kBfloat16) {
      CHECK(product(kDenormal, kLarge, 1) == (layer.dots ? 1 : 1 + 0x1p-30f));
      CHECK(product(kDenormal, kLarge, 0) == (layer.dots ? 0 : 0x1p-30f));
    }
    CHECK(product(0.5f, kDenormal, 0) == (layer.dots ? 0 : 0x1p-131f));
    CHECK(product(0, 1, kDenormal) == (layer.dots ? 0 : kDenormal));
    CHECK(product(0.5f, 3, 0x1p-100f) == 1.5f);
  });
}

TEST_CASE("dots take the upper halves of operands") {
  ForEachLayer([](const CpuIsa& isa, StateRounding type) {
    const LayerKernels<float>& layer = *NarrowLayer(*isa.kernels, type);
    const float operand = 1 + 0x1p-7f + 0x1p-8f;
    const float expected = layer.dots ? 1 + 0x1p-7f : operand;
    CHECK(ProductOf(layer, isa.kernels->f32.lanes, 2, operand, 0) ==
          2 * expected);
  });
}

// The reset state of a layer with reset_after=False is multiplied by weights,
// so it must be a number of the layer's type on every instruction set.
TEST_CASE("reset states are rounded to the layer's type") {
  OnEveryInstructionSet([](const CpuIsa& isa) {
    const size_t lanes = isa.kernels->f32.lanes;
    const size_t units = lanes + 3, padded = 2 * 3 * lanes;
    Generator generator(71);
    std::vector<float> state = Values<float>(generator, units, -1, 1);
    const std::vector<float> sums = Values<float>(generator, padded, -2, 2);
    const std::vector<float> weights(units * padded), bias(padded);
    std::vector<float> update(units), next(units);
    const auto reset_state = [&](StateRounding rounding) {
      std::vector<float> result(units);
      const float* const previous[] = {state.data()};
      const float* const projection[] = {sums.data()};
      float* const to[] = {result.data()};
      float* const gates[] = {update.data()};
      float* const after[] = {next.data()};
      cudnn_gru::StepArguments<float> step = {};
      step.rows = 1;
      step.units = units;
      for (auto& gate : step.operand) gate = previous;
      step.weights = weights.data();
      step.bias = bias.data();
      step.panel_end = 2;
      step.projection = projection;
      step.previous = previous;
      step.next = after;
      step.update = gates;
      step.reset_state = to;
      step.reset_source = previous;
      step.activation.kind = cudnn_gru::Activation::kTanh;
      step.recurrent_activation.kind = cudnn_gru::Activation::kSigmoid;
      step.rounding = rounding;
      isa.kernels->f32.layer.step_gates(step);
      return result;
    };
    const std::vector<float> exact = reset_state(StateRounding::kNone);
    for (StateRounding type : kTypes) {
      std::vector<float> expected = exact;
      cudnn_gru::RoundValues(type, expected.data(), units);
      CHECK(expected != exact);
      CHECK(reset_state(type) == expected);
    }
  });
}

// The gradient of the bias of one row and step is that of the pre-activations.
TEST_CASE(
    "gradients of bfloat16 layers are rounded before they are multiplied") {
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    for (StateRounding type : kTypes) {
      for (bool reset_after : {true, false}) {
        for (auto activation :
             {cudnn_gru::Activation::kTanh, cudnn_gru::Activation::kSoftmax}) {
          Options options;
          options.rounding = type;
          options.reset_after = reset_after;
          options.activation = activation;
          options.initial_state = true;
          const Problem<float> problem({1, 1, 3, 21}, options, 5);
          Result<float> result;
          Gradients<float> gradients;
          REQUIRE(problem.Backward(isa, 1, {}, &result, &gradients).ok());
          std::vector<float> rounded = gradients.bias;
          cudnn_gru::RoundValues(type, rounded.data(), rounded.size());
          CHECK_MESSAGE(
              (rounded == gradients.bias) == (type == StateRounding::kBfloat16),
              isa.name);
        }
      }
    }
  }
}

// Every format, every bit of a panel, at an even and an odd depth.
TEST_CASE("panels of 16 bits keep every number") {
  for (const auto& [format, type] :
       {std::pair(WeightFormat::kFloat16, StateRounding::kFloat16),
        std::pair(WeightFormat::kBfloat16, StateRounding::kBfloat16),
        std::pair(WeightFormat::kBfloat16Pairs, StateRounding::kBfloat16)}) {
    for (size_t depth : {1, 2, 5}) {
      const cudnn_gru::PackedShape shape = {depth, 4, 4, 1};
      Generator generator(depth);
      std::vector<float> plain =
          Values<float>(generator, shape.PanelSize(), -2, 2);
      std::vector<float> rounded = plain;
      cudnn_gru::RoundValues(type, rounded.data(), rounded.size());
      std::vector<uint32_t> packed(
          cudnn_gru::PanelBytes(shape, format, cudnn_gru::Dtype::kFloat32) / 4);
      cudnn_gru::NarrowPanel(plain.data(), shape, format, packed.data());
      std::vector<float> widened(plain.size(), -77.0f);
      cudnn_gru::WidenPanel(packed.data(), shape, format, widened.data());
      CHECK(widened == rounded);
    }
  }
}

}  // namespace
}  // namespace cudnn_gru_test
