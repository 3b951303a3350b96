// Programs that do not fit together are refused with a message that names the
// instruction and the field.
#include <cstdint>
#include <memory>
#include <string>
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
constexpr size_t kHuge = static_cast<size_t>(1) << 53;

// A model with an input of 12 floats, a result of 12 floats, and more tensors
// that the tests use.
struct Small : ModelCase {
  Small() {
    isa = cudnn_gru::AvailableIsas().back();
    x = RandomInput(kFloat32, 12);
    y = Tensor(kFloat32, 12);
    constant = Constant(kFloat32, {1, 2, 3});
    flags = RandomInput(kBool, 12);
    unwritten = Tensor(kFloat32, 12);
  }
  template <class Spec>
  void Refuses(StatusCode code, const std::string& text, Spec spec) {
    this->spec.instructions = {spec};
    CheckRefused(*this, code, text);
  }
  TensorId x;
  TensorId y;
  TensorId constant;
  TensorId flags;
  TensorId unwritten;
};

TEST_CASE("tensors that do not exist, have no values, or cannot be written") {
  Small model;
  cudnn_gru::UnarySpec spec;
  spec.function = "tanh";
  spec.x = model.x;
  spec.y = model.y;
  const auto refuses = [&](StatusCode code, const char* text,
                           const auto& change) {
    cudnn_gru::UnarySpec changed = spec;
    change(&changed);
    model.Refuses(code, text, changed);
  };
  using cudnn_gru::UnarySpec;
  refuses(StatusCode::kArgument,
          "the number of a tensor for `x` of the native instruction `unary`",
          [](UnarySpec* s) { s->x = 1000; });
  refuses(StatusCode::kArgument, "`y`", [](UnarySpec* s) { s->y = SIZE_MAX; });
  refuses(StatusCode::kArgument, "nothing has written. It is the instruction 0",
          [&](UnarySpec* s) { s->x = model.unwritten; });
  refuses(StatusCode::kArgument, "an input",
          [&](UnarySpec* s) { s->y = model.x; });
  refuses(StatusCode::kShape, "`repeat`", [](UnarySpec* s) { s->repeat = 0; });
  refuses(StatusCode::kShape, "5 items divide",
          [](UnarySpec* s) { s->repeat = 5; });
  refuses(StatusCode::kDtype, "float32 or float64",
          [&](UnarySpec* s) { s->x = model.flags; });
  refuses(StatusCode::kArgument, "activation",
          [](UnarySpec* s) { s->function = "no_such_function"; });
  refuses(StatusCode::kUnsupported, "custom",
          [](UnarySpec* s) { s->function = "custom"; });
}

TEST_CASE("an instruction may not read its own result") {
  Small model;
  cudnn_gru::FillSpec fill;
  fill.y = model.y;
  cudnn_gru::UnarySpec spec;
  spec.function = "tanh";
  spec.x = model.y;
  spec.y = model.y;
  model.spec.instructions = {fill, spec};
  CheckRefused(model, StatusCode::kArgument, "another operand");
  fill.y = model.constant;
  model.Refuses(StatusCode::kArgument, "a constant", fill);
}

TEST_CASE("strides beyond a tensor") {
  Small model;
  cudnn_gru::BinarySpec spec;
  spec.function = "add";
  spec.a = model.x;
  spec.b = model.constant;
  spec.y = model.y;
  spec.shape = {4, 3};
  spec.a_strides = {3, 1};
  spec.b_strides = {0, 1};
  const auto refuses = [&](StatusCode code, const char* text,
                           const auto& change) {
    cudnn_gru::BinarySpec changed = spec;
    change(&changed);
    model.Refuses(code, text, changed);
  };
  using cudnn_gru::BinarySpec;
  refuses(StatusCode::kShape, "`aStrides`",
          [](BinarySpec* s) { s->a_strides = {4, 1}; });
  refuses(StatusCode::kShape, "`bStrides`",
          [](BinarySpec* s) { s->b_strides = {1, 1}; });
  refuses(StatusCode::kShape, "`aStrides`",
          [](BinarySpec* s) { s->a_strides = {3, -1}; });
  refuses(StatusCode::kShape, "`aStrides`",
          [](BinarySpec* s) { s->a_strides = {INT64_MAX, 1}; });
  refuses(StatusCode::kShape, "`aStrides`",
          [](BinarySpec* s) { s->a_strides = {INT64_MIN, INT64_MAX}; });
  refuses(StatusCode::kShape, "one stride for each dimension",
          [](BinarySpec* s) { s->a_strides = {1}; });
  refuses(StatusCode::kShape, "`shape`",
          [](BinarySpec* s) { s->shape = {kHuge, kHuge}; });
  refuses(StatusCode::kShape, "`y`", [](BinarySpec* s) { s->shape = {4, 4}; });
  refuses(StatusCode::kShape, "`y`", [](BinarySpec* s) { s->repeat = 3; });
  refuses(StatusCode::kDtype, "`b`",
          [&](BinarySpec* s) { s->b = model.flags; });
  refuses(StatusCode::kDtype, "`y`",
          [](BinarySpec* s) { s->function = "less"; });
  refuses(StatusCode::kDtype, "`a`",
          [](BinarySpec* s) { s->function = "logical_and"; });
  refuses(StatusCode::kArgument, "\"plus\"",
          [](BinarySpec* s) { s->function = "plus"; });
  // Nine dimensions that cannot be joined.
  refuses(StatusCode::kShape, "at most 8 dimensions", [&](BinarySpec* s) {
    s->y = model.Tensor(kFloat32, 512);
    s->shape.assign(9, 2);
    s->a_strides.clear();
    for (int i = 0; i < 9; ++i) s->a_strides.push_back(i % 2);
    s->b_strides.assign(9, 0);
  });
}

TEST_CASE("copies beyond a tensor") {
  Small model;
  cudnn_gru::CopySpec spec;
  spec.x = model.x;
  spec.y = model.y;
  spec.shape = {12};
  spec.x_strides = {1};
  spec.y_strides = {1};
  const auto refuses = [&](const char* text, const auto& change) {
    cudnn_gru::CopySpec changed = spec;
    change(&changed);
    model.Refuses(StatusCode::kShape, text, changed);
  };
  using cudnn_gru::CopySpec;
  refuses("`xStrides`", [](CopySpec* s) { s->x_offset = 1; });
  refuses("`xStrides`", [](CopySpec* s) { s->x_offset = -1; });
  refuses("`yStrides`", [](CopySpec* s) { s->y_offset = INT64_MAX; });
  refuses("`yStrides`", [](CopySpec* s) { s->y_offset = INT64_MIN; });
  refuses("`yStrides`", [](CopySpec* s) { s->y_strides = {-1}; });
  refuses("`xStrides`", [](CopySpec* s) { s->shape = {13}; });
}

TEST_CASE("windows beyond a tensor") {
  Small model;
  cudnn_gru::PoolSpec pool;
  pool.x = model.x;
  pool.y = model.y;
  pool.windows = {{3, 4, 1}, {3, 4, 1}, {1, 1}, {1, 1}, {1, 1}, {0, 0}};
  const auto refuses = [&](const char* text, const auto& change) {
    cudnn_gru::PoolSpec changed = pool;
    change(&changed.windows);
    model.Refuses(StatusCode::kShape, text, changed);
  };
  using cudnn_gru::WindowSpec;
  refuses("`x`", [](WindowSpec* w) { w->input = {4, 4, 1}; });
  refuses("`y`", [](WindowSpec* w) { w->output = {2, 4, 1}; });
  refuses("`window`", [](WindowSpec* w) { w->strides = {2, 1}; });
  refuses("`window`", [](WindowSpec* w) { w->pad = {1, 0}; });
  refuses("`strides`", [](WindowSpec* w) { w->strides = {0, 1}; });
  refuses("`kernel`", [](WindowSpec* w) { w->kernel = {0, 1}; });
  refuses("`outputShape`", [](WindowSpec* w) { w->output = {3, 2, 2}; });
  refuses("2^30", [](WindowSpec* w) { w->pad = {SIZE_MAX, 0}; });

  cudnn_gru::ConvolutionSpec convolution;
  convolution.x = model.x;
  convolution.y = model.y;
  convolution.windows = pool.windows;
  const auto matrix = [&](size_t depth, size_t columns) {
    return model.Matrix(kFloat32, depth, columns, Values(depth * columns),
                        nullptr);
  };
  convolution.matrices = {};
  model.Refuses(StatusCode::kShape, "`matrices`", convolution);
  convolution.matrices = {nullptr};
  model.Refuses(StatusCode::kShape, "`matrices`", convolution);
  convolution.matrices = {matrix(2, 1)};
  model.Refuses(StatusCode::kShape, "the kernel's depth", convolution);
  convolution.matrices = {matrix(1, 2)};
  model.Refuses(StatusCode::kShape, "`outputShape`", convolution);
  convolution.matrices = {matrix(1, 1), matrix(1, 1)};
  model.Refuses(StatusCode::kShape, "divides the channels", convolution);
}

TEST_CASE("other operands that do not fit") {
  Small model;
  cudnn_gru::DenseSpec dense;
  dense.x = model.x;
  dense.y = model.y;
  model.Refuses(StatusCode::kShape, "`matrix`", dense);
  dense.matrix = model.Matrix(kFloat32, 12, 11, Values(132), nullptr);
  model.Refuses(StatusCode::kShape, "`y`", dense);

  cudnn_gru::AffineSpec affine;
  affine.x = model.x;
  affine.y = model.y;
  affine.channels = 12;
  affine.scale = model.constant;
  model.Refuses(StatusCode::kShape, "`scale`", affine);
  affine.scale = model.x;
  model.Refuses(StatusCode::kArgument, "a constant", affine);

  cudnn_gru::PreluSpec prelu;
  prelu.x = model.x;
  prelu.y = model.y;
  prelu.alpha = model.Constant(kFloat32, Values(5));
  model.Refuses(StatusCode::kShape, "`alpha`", prelu);
  prelu.alpha = model.Constant(kFloat32, {});
  model.Refuses(StatusCode::kShape, "`alpha`", prelu);

  cudnn_gru::ReduceSpec reduce;
  reduce.function = "max";
  reduce.x = model.x;
  reduce.y = model.y;
  reduce.kept = {12};
  reduce.kept_strides = {1};
  reduce.reduced = {0};
  reduce.reduced_strides = {1};
  model.Refuses(StatusCode::kShape, "at least one element", reduce);
  reduce.reduced = {2};
  model.Refuses(StatusCode::kShape, "`reducedStrides`", reduce);
  reduce.reduced = {static_cast<size_t>(1) << 32};
  reduce.reduced_strides = {0};
  reduce.function = "argmax";
  model.Refuses(StatusCode::kDtype, "`y`", reduce);
  reduce.y = model.Tensor(kInt32, 12);
  model.Refuses(StatusCode::kShape, "positions that fit int32", reduce);
  reduce.function = "middle";
  model.Refuses(StatusCode::kArgument, "\"middle\"", reduce);

  cudnn_gru::MatmulSpec matmul;
  matmul.a = model.x;
  matmul.b = model.constant;
  matmul.y = model.y;
  matmul.m = 4;
  matmul.k = 1;
  matmul.n = 3;
  matmul.batch = {1};
  matmul.a_strides = {0};
  matmul.b_strides = {0};
  matmul.k = 2;
  model.Refuses(StatusCode::kShape, "`bStrides`", matmul);
  matmul.k = 4;
  model.Refuses(StatusCode::kShape, "`aStrides`", matmul);
  matmul.k = kHuge;
  model.Refuses(StatusCode::kShape, "a smaller shape", matmul);

  cudnn_gru::EmbeddingSpec embedding;
  embedding.x = model.x;
  embedding.y = model.y;
  embedding.table = model.constant;
  embedding.vocabulary = 3;
  embedding.units = 1;
  model.Refuses(StatusCode::kDtype, "`x`", embedding);
}

TEST_CASE("ports and constants that do not fit") {
  using cudnn_gru::PortSpec;
  const auto refuses = [](StatusCode code, const char* text,
                          const auto& change) {
    Small model;
    change(&model);
    CheckRefused(model, code, text);
  };
  refuses(StatusCode::kArgument, "inputs", [](Small* model) {
    model->spec.inputs.push_back({99, StateRounding::kNone});
  });
  refuses(StatusCode::kArgument, "inputs", [](Small* model) {
    model->spec.inputs.push_back({model->x, StateRounding::kNone});
  });
  refuses(StatusCode::kArgument, "inputs", [](Small* model) {
    model->spec.inputs.push_back({model->constant, StateRounding::kNone});
  });
  refuses(StatusCode::kArgument, "float32 tensors", [](Small* model) {
    model->spec.outputs.push_back({model->flags, StateRounding::kFloat16});
  });
  refuses(StatusCode::kArgument, "no instruction writes", [](Small* model) {
    model->spec.outputs.push_back({model->y, StateRounding::kNone});
  });
  refuses(StatusCode::kArgument, "constant", [](Small* model) {
    model->spec.constants.push_back({model->y, nullptr});
  });
  refuses(StatusCode::kArgument, "constant", [](Small* model) {
    model->spec.constants.push_back(model->spec.constants[0]);
  });
  refuses(StatusCode::kArgument, "types and sizes",
          [](Small* model) { model->spec.constants[0].tensor = model->y; });
  refuses(StatusCode::kShape, "`tensors`", [](Small* model) {
    model->spec.tensors.push_back({kFloat32, kHuge});
  });
}

}  // namespace
}  // namespace cudnn_gru_test
