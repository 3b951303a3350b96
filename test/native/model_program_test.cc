// Native programs as a whole: shared memory, ports, rounding, tiles, threads
// and cancellation.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/half.h"
#include "model_case.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::StateRounding;
using cudnn_gru::Status;
using cudnn_gru::StatusCode;

constexpr ElementType kFloat32 = ElementType::kFloat32;

// Adds a random instruction whose result has the size of its operands.
void AddRandomInstruction(ModelCase* model, std::vector<TensorId>* ids,
                          size_t size) {
  Generator& generator = model->generator;
  const auto any = [&] { return (*ids)[generator.Next() % ids->size()]; };
  const TensorId y = model->Tensor(kFloat32, size);
  switch (generator.Next() % 4) {
    case 0: {
      cudnn_gru::UnarySpec spec;
      spec.function = generator.Next() % 2 == 0 ? "tanh" : "negative";
      spec.x = any();
      spec.y = y;
      model->spec.instructions.push_back(spec);
      break;
    }
    case 1: {
      // b is sometimes read backwards through broken-up dimensions.
      cudnn_gru::BinarySpec spec;
      const int64_t half = static_cast<int64_t>(size / 2);
      spec.function = "subtract";
      spec.a = any();
      spec.b = any();
      spec.y = y;
      spec.shape = {size / 2, 2};
      spec.a_strides = {2, 1};
      spec.b_strides = {2, 1};
      if (generator.Next() % 2 == 0) spec.b_strides = {1, half};
      model->spec.instructions.push_back(spec);
      break;
    }
    case 2: {
      cudnn_gru::SoftmaxSpec spec;
      spec.x = any();
      spec.y = y;
      spec.axis = size;
      model->spec.instructions.push_back(spec);
      break;
    }
    default: {
      // Two copies exchange the halves.
      const TensorId x = any();
      for (size_t half = 0; half < 2; ++half) {
        cudnn_gru::CopySpec spec;
        spec.x = x;
        spec.y = y;
        spec.shape = {size / 2};
        spec.x_offset = static_cast<int64_t>(half * (size / 2));
        spec.x_strides = {1};
        spec.y_offset = static_cast<int64_t>((1 - half) * (size / 2));
        spec.y_strides = {1};
        model->spec.instructions.push_back(spec);
      }
      break;
    }
  }
  ids->push_back(y);
}

std::shared_ptr<const cudnn_gru::Program> Created(const ModelCase& model) {
  std::shared_ptr<const cudnn_gru::Program> program;
  const Status status = model.Create(&program);
  REQUIRE_MESSAGE(status.ok(), status.message());
  return program;
}

// A program whose tensors are all outputs shares no memory. The same program
// with one output must compute the same.
TEST_CASE("sharing memory changes nothing") {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    ModelCase model;
    model.isa = cudnn_gru::AvailableIsas().back();
    model.rows = 3;
    model.generator = Generator(seed);
    constexpr size_t kSize = 10;
    std::vector<TensorId> ids = {model.RandomInput(kFloat32, kSize),
                                 model.RandomInput(kFloat32, kSize)};
    for (int i = 0; i < 12; ++i) AddRandomInstruction(&model, &ids, kSize);
    ModelCase all = model;
    for (size_t i = 2; i < ids.size(); ++i) all.Output(ids[i], {});
    const auto separate = RunRows(all, *Created(all), 0, 3, 1);
    for (size_t i = 2; i < ids.size(); ++i) {
      ModelCase one = model;
      one.Output(ids[i], {});
      const auto program = Created(one);
      CHECK(program->row_bytes() <= 12 * 64);
      CHECK_MESSAGE(RunRows(one, *program, 0, 3, 1)[0] == separate[i - 2],
                    Format("seed %d, tensor %zu", static_cast<int>(seed), i));
    }
  }
}

// A chain of elementwise instructions works in the output's own memory.
TEST_CASE("a chain needs no arena") {
  CheckModel("chain", 3, [](ModelCase* model) {
    TensorId x = model->RandomInput(kFloat32, 100);
    for (int i = 0; i < 3; ++i) {
      cudnn_gru::UnarySpec spec;
      spec.function = "negative";
      spec.x = x;
      spec.y = x = model->Tensor(kFloat32, 100);
      model->spec.instructions.push_back(spec);
    }
    Values expected;
    for (const double value : model->inputs[0]) expected.push_back(-value);
    model->Output(x, expected);
    CHECK(Created(*model)->row_bytes() == 0);
  });
}

TEST_CASE("an output may be an input, a constant, or another output") {
  CheckModel("outputs", 3, [](ModelCase* model) {
    const TensorId x = model->RandomInput(kFloat32, 2);
    const TensorId constant = model->Constant(kFloat32, {5, 6, 7});
    const TensorId flags = model->Input(ElementType::kBool, 1, {1, 0, 1});
    cudnn_gru::UnarySpec spec;
    spec.function = "negative";
    spec.x = x;
    spec.y = model->Tensor(kFloat32, 2);
    model->spec.instructions.push_back(spec);
    Values negative;
    for (const double value : model->inputs[0]) negative.push_back(-value);
    model->Output(x, model->inputs[0]);
    model->Output(constant, {5, 6, 7, 5, 6, 7, 5, 6, 7});
    model->Output(spec.y, negative);
    model->Output(spec.y, negative);
    model->Output(flags, {1, 0, 1});
  });
}

TEST_CASE("bools become 0 or 1 at the border") {
  ModelCase model;
  model.isa = cudnn_gru::AvailableIsas().back();
  const TensorId x = model.Tensor(ElementType::kBool, 4);
  model.spec.inputs.push_back({x, StateRounding::kNone});
  model.Output(x, {});
  const auto program = Created(model);
  const uint8_t given[4] = {0, 1, 2, 255};
  uint8_t received[4] = {9, 9, 9, 9};
  const void* inputs[] = {given};
  void* outputs[] = {received};
  REQUIRE(program->Run({1, inputs, outputs}, {}).ok());
  const uint8_t expected[4] = {0, 1, 1, 1};
  CHECK(std::memcmp(received, expected, 4) == 0);
}

TEST_CASE("16-bit ports and rounded results") {
  for (const StateRounding type :
       {StateRounding::kFloat16, StateRounding::kBfloat16}) {
    ModelCase model;
    model.isa = cudnn_gru::AvailableIsas().back();
    cudnn_gru::AffineSpec spec;
    spec.x = model.Tensor(kFloat32, 3);
    spec.y = model.Tensor(kFloat32, 3);
    spec.scale = model.Constant(kFloat32, {0.3, 1.7, -9.1});
    spec.channels = 3;
    spec.rounding = type;
    model.spec.instructions.push_back(spec);
    model.spec.inputs.push_back({spec.x, type});
    model.spec.outputs.push_back({spec.y, type});
    model.spec.outputs.push_back({spec.y, StateRounding::kNone});
    const auto program = Created(model);
    float values[6] = {1.5f, -2.25f, 3, 0.125f, 100, -7};
    uint16_t bits[6];
    cudnn_gru::Narrow(type, values, bits, 6);
    uint16_t received[6] = {};
    float floats[6] = {};
    const void* inputs[] = {bits};
    void* outputs[] = {received, floats};
    REQUIRE(program->Run({2, inputs, outputs}, {}).ok());
    const float scales[3] = {0.3f, 1.7f, -9.1f};
    for (size_t i = 0; i < 6; ++i) {
      float expected = values[i] * scales[i % 3];
      uint16_t expected_bits = 0;
      cudnn_gru::Narrow(type, &expected, &expected_bits, 1);
      cudnn_gru::Widen(type, &expected_bits, &expected, 1);
      CHECK(received[i] == expected_bits);
      CHECK(floats[i] == expected);
    }
  }
}

// A program with enough work for several threads: dense, tanh, and a sum.
void MakeLargeModel(ModelCase* model, size_t steps) {
  constexpr size_t kDepth = 64;
  const Values kernel =
      RandomValues(&model->generator, kFloat32, kDepth * kDepth, -0.2, 0.2);
  cudnn_gru::DenseSpec dense;
  dense.repeat = steps;
  dense.x = model->RandomInput(kFloat32, steps * kDepth);
  dense.y = model->Tensor(kFloat32, steps * kDepth);
  dense.matrix = model->Matrix(kFloat32, kDepth, kDepth, kernel, nullptr);
  dense.activation.kind = cudnn_gru::Activation::kTanh;
  model->spec.instructions.push_back(dense);
  cudnn_gru::ReduceSpec sum;
  sum.function = "sum";
  sum.x = dense.y;
  sum.y = model->Tensor(kFloat32, kDepth);
  sum.kept = {kDepth};
  sum.kept_strides = {1};
  sum.reduced = {steps};
  sum.reduced_strides = {kDepth};
  model->spec.instructions.push_back(sum);
  model->Output(sum.y, {});
}

TEST_CASE("rows have the same bits in tiles of any size, on any threads") {
  cudnn_gru::ThreadPool::Get().set_threads(5);
  for (const cudnn_gru::CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    for (const size_t steps : {size_t{3}, size_t{600}}) {
      ModelCase model;
      model.isa = isa;
      model.rows = 131;
      MakeLargeModel(&model, steps);
      const auto program = Created(model);
      const auto whole = RunRows(model, *program, 0, model.rows, 1);
      for (const int threads : {2, 5}) {
        CHECK(RunRows(model, *program, 0, model.rows, threads) == whole);
      }
      for (const size_t row : {size_t{0}, size_t{77}, size_t{130}}) {
        const auto alone = RunRows(model, *program, row, row + 1, 5);
        CHECK(std::memcmp(alone[0].data(), whole[0].data() + row * 64 * 4,
                          64 * 4) == 0);
      }
    }
  }
}

TEST_CASE("several threads run one program at a time") {
  ModelCase model;
  model.isa = cudnn_gru::AvailableIsas().back();
  model.rows = 40;
  MakeLargeModel(&model, 100);
  const auto program = Created(model);
  const auto expected = RunRows(model, *program, 0, model.rows, 1);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        if (RunRows(model, *program, 0, model.rows, 3) != expected) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a program without rows does nothing") {
  ModelCase model;
  model.isa = cudnn_gru::AvailableIsas().back();
  MakeLargeModel(&model, 2);
  const auto program = Created(model);
  const void* inputs[] = {nullptr};
  void* outputs[] = {nullptr};
  CHECK(program->Run({0, inputs, outputs}, {}).ok());
}

TEST_CASE("rows whose sizes do not fit are refused") {
  ModelCase model;
  model.isa = cudnn_gru::AvailableIsas().back();
  MakeLargeModel(&model, 2);
  const auto program = Created(model);
  for (const size_t rows :
       {SIZE_MAX, SIZE_MAX / 64, static_cast<size_t>(1) << 45}) {
    const Status status = program->Run({rows, nullptr, nullptr}, {});
    CHECK(status.code() == StatusCode::kShape);
  }
}

TEST_CASE("a cancelled run stops") {
  cudnn_gru::ThreadPool::Get().set_threads(3);
  ModelCase model;
  model.isa = cudnn_gru::AvailableIsas().back();
  model.rows = 3000;
  MakeLargeModel(&model, 400);
  const auto program = Created(model);
  std::vector<float> x(model.rows * 400 * 64, 0.5f);
  std::vector<float> y(model.rows * 64);
  const void* inputs[] = {x.data()};
  void* outputs[] = {y.data()};
  for (const int threads : {1, 3}) {
    for (const bool before : {true, false}) {
      cudnn_gru::Cancellation cancellation;
      if (before) cancellation.Request();
      std::thread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        cancellation.Request();
      });
      const Status status =
          program->Run({model.rows, inputs, outputs}, {threads, &cancellation});
      canceller.join();
      CHECK_MESSAGE(status.code() == StatusCode::kAborted, status.message());
    }
  }
}

// The tile of the later wrong index may well fail first.
TEST_CASE("the first row that fails is named") {
  cudnn_gru::ThreadPool::Get().set_threads(4);
  ModelCase model;
  model.isa = cudnn_gru::AvailableIsas().back();
  constexpr size_t kUnits = 4096;
  cudnn_gru::EmbeddingSpec spec;
  spec.repeat = 4;
  spec.x = model.Tensor(ElementType::kInt32, 4);
  spec.y = model.Tensor(kFloat32, 4 * kUnits);
  spec.table = model.Constant(kFloat32, Values(2 * kUnits, 1));
  spec.vocabulary = 2;
  spec.units = kUnits;
  spec.label = "words";
  model.spec.inputs.push_back({spec.x, StateRounding::kNone});
  model.spec.instructions.push_back(spec);
  model.Output(spec.y, {});
  const auto program = Created(model);
  constexpr size_t kRows = 2000;
  std::vector<int32_t> x(kRows * 4, 1);
  std::vector<float> y(kRows * 4 * kUnits);
  x[1234 * 4 + 2] = 7;
  x[1999 * 4] = 8;
  const void* inputs[] = {x.data()};
  void* outputs[] = {y.data()};
  for (int round = 0; round < 20; ++round) {
    const Status status = program->Run({kRows, inputs, outputs}, {4});
    CHECK_MESSAGE(status.message() ==
                      "Expected indices from -2 to 1 for words but received 7 "
                      "at row 1234, position 2.",
                  status.message());
  }
}

}  // namespace
}  // namespace cudnn_gru_test
