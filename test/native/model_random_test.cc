// No program that is accepted reads or writes beyond its tensors: random
// instructions, most of which do not fit, run under the sanitizers.
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model_case.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::StateRounding;
using cudnn_gru::StatusCode;

constexpr ElementType kFloat32 = ElementType::kFloat32;
constexpr ElementType kInt32 = ElementType::kInt32;
constexpr ElementType kBool = ElementType::kBool;

// A size or a number of an element, which is sometimes absurd.
size_t AnySize(Generator* generator) {
  switch (generator->Next() % 12) {
    case 0:
      return 0;
    case 1:
      return static_cast<size_t>(1) << (generator->Next() % 64);
    case 2:
      return SIZE_MAX - generator->Next() % 3;
    default:
      return 1 + generator->Next() % 4;
  }
}

int64_t AnyStride(Generator* generator) {
  if (generator->Next() % 16 == 0) {
    return static_cast<int64_t>(generator->Next());
  }
  return static_cast<int64_t>(generator->Next() % 7) - 2;
}

struct AnyShape {
  std::vector<size_t> shape;
  std::vector<int64_t> first;
  std::vector<int64_t> second;
  std::vector<int64_t> third;
};

AnyShape Any(Generator* generator) {
  AnyShape any;
  for (size_t i = generator->Next() % 4; i > 0; --i) {
    any.shape.push_back(AnySize(generator));
    any.first.push_back(AnyStride(generator));
    any.second.push_back(AnyStride(generator));
    any.third.push_back(AnyStride(generator));
  }
  return any;
}

cudnn_gru::WindowSpec AnyWindows(Generator* generator) {
  cudnn_gru::WindowSpec windows;
  for (size_t i = 0; i < 3; ++i) {
    windows.input[i] = AnySize(generator);
    windows.output[i] = AnySize(generator);
  }
  for (size_t i = 0; i < 2; ++i) {
    windows.kernel[i] = AnySize(generator);
    windows.strides[i] = AnySize(generator);
    windows.dilation[i] = AnySize(generator);
    windows.pad[i] = AnySize(generator) - 1;
  }
  return windows;
}

// Sets the tensor that an instruction writes.
template <class Spec>
void SetResult(Spec* spec, TensorId y) {
  spec->y = y;
}
void SetResult(cudnn_gru::GruSpec*, TensorId) {}

// Makes an instruction of any kind with operands of any kind.
cudnn_gru::InstructionSpec AnyInstruction(ModelCase* model) {
  Generator* const generator = &model->generator;
  const auto id = [&] {
    return static_cast<TensorId>(generator->Next() %
                                 (model->spec.tensors.size() + 1));
  };
  const auto size = [&] { return AnySize(generator); };
  const auto optional = [&] {
    return generator->Next() % 2 == 0 ? std::optional<TensorId>(id())
                                      : std::nullopt;
  };
  const auto matrix = [&] {
    const size_t depth = generator->Next() % 5;
    const size_t columns = 1 + generator->Next() % 4;
    return model->Matrix(kFloat32, depth, columns, Values(depth * columns),
                         nullptr);
  };
  const AnyShape any = Any(generator);
  const size_t repeat = 1 + generator->Next() % 2;
  switch (generator->Next() % 15) {
    case 0:
      return cudnn_gru::DenseSpec{repeat, {}, id(), id(), matrix(), {}};
    case 1:
      return cudnn_gru::ConvolutionSpec{
          "conv2d",   repeat, {}, id(), id(), AnyWindows(generator),
          {matrix()}, {}};
    case 2:
      return cudnn_gru::DepthwiseSpec{
          repeat, {}, id(), id(), AnyWindows(generator), id(), optional(), {}};
    case 3:
      return cudnn_gru::PoolSpec{repeat,
                                 {},
                                 generator->Next() % 2 == 0
                                     ? cudnn_gru::PoolKind::kMax
                                     : cudnn_gru::PoolKind::kAverage,
                                 id(),
                                 id(),
                                 AnyWindows(generator)};
    case 4:
      return cudnn_gru::EmbeddingSpec{repeat, id(),   id(), id(),
                                      size(), size(), "it"};
    case 5:
      return cudnn_gru::AffineSpec{repeat, {},         id(),
                                   id(),   optional(), optional(),
                                   size(), size(),     size()};
    case 6:
      return cudnn_gru::NormalizeSpec{
          repeat, {}, cudnn_gru::NormalizeKind::kLayer, id(), id(), size(),
          size(), 1};
    case 7:
      return cudnn_gru::PreluSpec{repeat, {}, id(), id(), id()};
    case 8:
      return cudnn_gru::BinarySpec{repeat,    {},        "add",
                                   id(),      id(),      id(),
                                   any.shape, any.first, any.second};
    case 9:
      return cudnn_gru::SelectSpec{repeat,    id(),       id(),
                                   id(),      id(),       any.shape,
                                   any.first, any.second, any.third};
    case 10:
      return cudnn_gru::CopySpec{repeat,
                                 id(),
                                 id(),
                                 any.shape,
                                 AnyStride(generator),
                                 any.first,
                                 AnyStride(generator),
                                 any.second};
    case 11: {
      const AnyShape reduced = Any(generator);
      return cudnn_gru::ReduceSpec{repeat,
                                   {},
                                   generator->Next() % 2 == 0 ? "sum" : "max",
                                   id(),
                                   id(),
                                   any.shape,
                                   any.first,
                                   reduced.shape,
                                   reduced.first};
    }
    case 12:
      return cudnn_gru::SoftmaxSpec{
          repeat, {},    cudnn_gru::SoftmaxKind::kSoftmax, id(), id(), size(),
          size(), size()};
    case 13:
      return cudnn_gru::MatmulSpec{repeat,
                                   {},
                                   id(),
                                   id(),
                                   id(),
                                   any.shape,
                                   any.first,
                                   any.second,
                                   size(),
                                   size(),
                                   size(),
                                   generator->Next() % 2 == 0,
                                   generator->Next() % 2 == 0,
                                   1};
    default:
      return cudnn_gru::AdditiveScoresSpec{
          repeat, {}, id(), id(), optional(), id(), size(), size(), size()};
  }
}

constexpr ElementType kTypes[] = {kFloat32, kFloat32, kInt32, kBool};

// Sizes that random shapes reach.
constexpr size_t kSizes[] = {0,  1,  2,  3,  4,  6,  8,  9,
                             12, 16, 18, 24, 27, 32, 36, 48};

size_t LikelySize(Generator* generator) {
  return kSizes[generator->Next() % std::size(kSizes)];
}

// Looks for a tensor that the instruction of a model can write, and makes it
// the model's output. Returns null when there is none.
std::shared_ptr<const cudnn_gru::Program> FindResult(
    ModelCase* model, cudnn_gru::InstructionSpec instruction) {
  std::shared_ptr<const cudnn_gru::Program> program;
  const size_t tensors = model->spec.tensors.size();
  for (const ElementType type : {kFloat32, kInt32, kBool}) {
    for (const size_t size : kSizes) {
      const TensorId y = model->Tensor(type, size);
      std::visit([y](auto& spec) { SetResult(&spec, y); }, instruction);
      model->spec.instructions = {instruction};
      model->spec.outputs = {{y, StateRounding::kNone}};
      if (model->Create(&program).ok()) return program;
      model->spec.tensors.resize(tensors);
    }
  }
  return nullptr;
}

// Whether a run needs little memory, so that absurd sizes which are allowed,
// because another size is 0, do not make the test slow.
bool IsSmall(const cudnn_gru::Program& program) {
  return program.row_bytes() < 1 << 16;
}

TEST_CASE("no program that is accepted leaves its tensors") {
  Generator seeds(11);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    ModelCase model;
    model.isa = cudnn_gru::AvailableIsas().back();
    model.rows = 2;
    model.generator = Generator(seeds.Next());
    Generator* const generator = &model.generator;
    for (int i = 0; i < 4; ++i) {
      model.RandomInput(kTypes[generator->Next() % std::size(kTypes)],
                        LikelySize(generator), -3, 3);
    }
    for (int i = 0; i < 3; ++i) {
      const ElementType type = kTypes[generator->Next() % std::size(kTypes)];
      model.Constant(type,
                     RandomValues(generator, type, LikelySize(generator)));
    }
    const auto program = FindResult(&model, AnyInstruction(&model));
    if (program == nullptr || !IsSmall(*program)) continue;
    ++accepted;
    std::vector<std::vector<char>> arrays;
    std::vector<const void*> inputs;
    for (size_t i = 0; i < model.inputs.size(); ++i) {
      arrays.push_back(ToArray(program->inputs()[i].type, model.inputs[i]));
    }
    for (const auto& array : arrays) inputs.push_back(array.data());
    const cudnn_gru::ProgramPort& port = program->outputs()[0];
    std::vector<char> output(2 * port.size * cudnn_gru::ElementSize(port.type));
    void* outputs[] = {output.data()};
    const cudnn_gru::Status status =
        program->Run({2, inputs.data(), outputs}, {});
    CHECK_MESSAGE((status.ok() || status.code() == StatusCode::kArgument),
                  status.message());
  }
  CHECK_MESSAGE(accepted > 800, Format("only %d were accepted", accepted));
}

}  // namespace
}  // namespace cudnn_gru_test
