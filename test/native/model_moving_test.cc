// The instructions of native programs that choose, convert, move and scale
// elements: select, cast, copy, fill, embedding, affine and prelu.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "model_case.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

constexpr ElementType kFloat32 = ElementType::kFloat32;
constexpr ElementType kFloat64 = ElementType::kFloat64;
constexpr ElementType kInt32 = ElementType::kInt32;
constexpr ElementType kBool = ElementType::kBool;
constexpr ElementType kAll[] = {kFloat32, kFloat64, kInt32, kBool};

TEST_CASE("select") {
  for (const ElementType type : kAll) {
    CheckModel("select", 3, [&](ModelCase* model) {
      model->tolerance = 0;
      cudnn_gru::SelectSpec spec;
      spec.condition = model->RandomInput(kBool, 4);
      spec.a = model->RandomInput(type, 12);
      spec.b = model->RandomInput(type, 3);
      spec.y = model->Tensor(type, 12);
      spec.shape = {3, 4};
      spec.condition_strides = {0, 1};
      spec.a_strides = {4, 1};
      spec.b_strides = {1, 0};
      model->spec.instructions.push_back(spec);
      Values expected;
      for (size_t row = 0; row < model->rows; ++row) {
        for (size_t i = 0; i < 3; ++i) {
          for (size_t j = 0; j < 4; ++j) {
            expected.push_back(model->inputs[0][row * 4 + j] != 0
                                   ? model->inputs[1][row * 12 + i * 4 + j]
                                   : model->inputs[2][row * 3 + i]);
          }
        }
      }
      model->Output(spec.y, expected);
    });
  }
}

TEST_CASE("cast") {
  const Values values = {-2.7, -1, -0.25, 0, 0.25, 1.9, 300, kNan, 3e9, -3e9};
  for (const ElementType from : kAll) {
    for (const ElementType to : kAll) {
      CheckModel("cast", 2, [&](ModelCase* model) {
        model->tolerance = 0;
        cudnn_gru::CastSpec spec;
        spec.x = model->Input(from, 5, values);
        spec.y = model->Tensor(to, 5);
        model->spec.instructions.push_back(spec);
        Values expected;
        for (const double x : model->inputs[0]) {
          if (to == kBool) {
            expected.push_back(x == 0 ? 0 : 1);
          } else if (to == kInt32) {
            const bool fits = x > -2147483649.0 && x < 2147483648.0;
            expected.push_back(fits ? std::trunc(x) : -2147483648.0);
          } else {
            expected.push_back(to == kFloat32 ? static_cast<float>(x) : x);
          }
        }
        model->Output(spec.y, expected);
      });
    }
  }
}

// Transposes, reverses and repeats in one copy, into the middle of a tensor
// that `fill` has filled.
TEST_CASE("copy and fill") {
  for (const ElementType type : kAll) {
    CheckModel("copy", 3, [&](ModelCase* model) {
      model->tolerance = 0;
      const double filling = type == kBool ? 1 : 7;
      const TensorId x = model->RandomInput(type, 2 * 6);
      const TensorId y = model->Tensor(type, 2 * 15);
      cudnn_gru::FillSpec fill;
      fill.y = y;
      fill.value = filling;
      model->spec.instructions.push_back(fill);
      // x is (2, 3). y[1 + j][i, repeated] = x[i][2 - j], in lines of 3.
      cudnn_gru::CopySpec copy;
      copy.repeat = 2;
      copy.x = x;
      copy.y = y;
      copy.shape = {3, 2, 1};
      copy.x_offset = 2;
      copy.x_strides = {-1, 3, 100};
      copy.y_offset = 3;
      copy.y_strides = {3, 1, -100};
      model->spec.instructions.push_back(copy);
      // One element goes to a whole line.
      cudnn_gru::CopySpec line;
      line.repeat = 2;
      line.x = x;
      line.y = y;
      line.shape = {3};
      line.x_offset = 4;
      line.x_strides = {0};
      line.y_offset = 14;
      line.y_strides = {-1};
      model->spec.instructions.push_back(line);
      Values expected(model->rows * 30, filling);
      for (size_t item = 0; item < 2 * model->rows; ++item) {
        const double* const from = model->inputs[0].data() + item * 6;
        double* const to = expected.data() + item * 15;
        for (size_t j = 0; j < 3; ++j) {
          for (size_t i = 0; i < 2; ++i) {
            to[3 + j * 3 + i] = from[i * 3 + 2 - j];
          }
        }
        for (size_t i = 12; i < 15; ++i) to[i] = from[4];
      }
      model->Output(y, expected);
    });
  }
}

TEST_CASE("embedding") {
  for (const ElementType type : kAll) {
    CheckModel("embedding", 3, [&](ModelCase* model) {
      model->tolerance = 0;
      const Values table = RandomValues(&model->generator, type, 5 * 3);
      cudnn_gru::EmbeddingSpec spec;
      spec.repeat = 2;
      spec.x = model->Input(kInt32, 2, {0, 4, -1, -5, 2, 2});
      spec.y = model->Tensor(type, 2 * 3);
      spec.table = model->Constant(type, table);
      spec.vocabulary = 5;
      spec.units = 3;
      model->spec.instructions.push_back(spec);
      Values expected;
      for (const size_t index : {0, 4, 4, 0, 2, 2}) {
        for (size_t i = 0; i < 3; ++i) expected.push_back(table[index * 3 + i]);
      }
      model->Output(spec.y, expected);
    });
  }
}

TEST_CASE("an index beyond the table is named with its place") {
  ModelCase model;
  model.isa = cudnn_gru::AvailableIsas().back();
  model.rows = 3;
  cudnn_gru::EmbeddingSpec spec;
  spec.repeat = 2;
  spec.x = model.Tensor(kInt32, 2);
  model.spec.inputs.push_back({spec.x, cudnn_gru::StateRounding::kNone});
  spec.y = model.Tensor(kFloat32, 2);
  spec.table = model.Constant(kFloat32, {1, 2, 3});
  spec.vocabulary = 3;
  spec.units = 1;
  spec.label = "the layer `words`";
  model.spec.instructions.push_back(spec);
  model.Output(spec.y, {});
  std::shared_ptr<const cudnn_gru::Program> program;
  REQUIRE(model.Create(&program).ok());
  for (const int32_t wrong : {3, -4, INT32_MAX, INT32_MIN}) {
    const int32_t indices[6] = {0, 1, 2, 0, 1, wrong};
    float y[6];
    const void* inputs[] = {indices};
    void* outputs[] = {y};
    const cudnn_gru::Status status = program->Run({3, inputs, outputs}, {});
    CHECK(status.code() == cudnn_gru::StatusCode::kArgument);
    CHECK_MESSAGE(
        status.message() ==
            Format("Expected indices from -3 to 2 for the layer `words` but "
                   "received %d at row 2, position 1.",
                   wrong),
        status.message());
  }
}

TEST_CASE("affine") {
  for (const ElementType type : {kFloat32, kFloat64}) {
    for (const size_t inner : {size_t{1}, size_t{4}}) {
      for (int given = 0; given < 4; ++given) {
        CheckModel("affine", 2, [&](ModelCase* model) {
          model->tolerance = type == kFloat32 ? 1e-6 : 1e-14;
          constexpr size_t kOuter = 3;
          constexpr size_t kChannels = 5;
          const size_t size = kOuter * kChannels * inner;
          const Values scale = RandomValues(&model->generator, type, kChannels);
          const Values offset =
              RandomValues(&model->generator, type, kChannels);
          cudnn_gru::AffineSpec spec;
          spec.repeat = 2;
          spec.x = model->RandomInput(type, 2 * size);
          spec.y = model->Tensor(type, 2 * size);
          if ((given & 1) != 0) spec.scale = model->Constant(type, scale);
          if ((given & 2) != 0) spec.offset = model->Constant(type, offset);
          spec.outer = kOuter;
          spec.channels = kChannels;
          spec.inner = inner;
          model->spec.instructions.push_back(spec);
          Values expected;
          for (size_t i = 0; i < model->inputs[0].size(); ++i) {
            const size_t channel = i / inner % kChannels;
            expected.push_back(model->inputs[0][i] *
                                   ((given & 1) != 0 ? scale[channel] : 1) +
                               ((given & 2) != 0 ? offset[channel] : 0));
          }
          model->Output(spec.y, expected);
        });
      }
    }
  }
}

TEST_CASE("prelu") {
  for (const ElementType type : {kFloat32, kFloat64}) {
    CheckModel("prelu", 2, [&](ModelCase* model) {
      model->tolerance = type == kFloat32 ? 1e-6 : 1e-14;
      const Values alpha = {0.5, -0.25, 3};
      cudnn_gru::PreluSpec spec;
      spec.repeat = 2;
      spec.x = model->Input(type, 12,
                            {-1, 2,  kNan, 0,  -0.5, -3, 7, -9, 1,  1, -1, -1,
                             2,  -2, 5,    -5, 1,    -1, 0, 0,  -8, 3, 3,  -3});
      spec.y = model->Tensor(type, 12);
      spec.alpha = model->Constant(type, alpha);
      model->spec.instructions.push_back(spec);
      Values expected;
      for (size_t i = 0; i < model->inputs[0].size(); ++i) {
        const double x = model->inputs[0][i];
        expected.push_back(x > 0 ? x : alpha[i % 3] * x);
      }
      model->Output(spec.y, expected);
    });
  }
}

}  // namespace
}  // namespace cudnn_gru_test
