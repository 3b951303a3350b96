// The instructions of native programs that multiply: dense, convolutions,
// depthwise convolutions, matmul and additive scores. The expected values are
// plain sums in double.
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "model_case.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::ActivationSpec;

constexpr ElementType kTypes[] = {ElementType::kFloat32, ElementType::kFloat64};

double ToleranceOf(ElementType type) {
  return type == ElementType::kFloat32 ? 1e-5 : 1e-12;
}

double Activated(const ActivationSpec& activation, double x) {
  if (activation.kind == Activation::kRelu) return x > 0 ? x : 0;
  if (activation.kind == Activation::kTanh) return std::tanh(x);
  return x;
}

ActivationSpec Spec(Activation kind) {
  ActivationSpec spec;
  spec.kind = kind;
  if (kind == Activation::kRelu) spec.parameters[1] = INFINITY;
  return spec;
}

// Applies softmax to groups of `size` values.
void Softmax(Values* values, size_t size) {
  for (size_t first = 0; first < values->size(); first += size) {
    double sum = 0;
    for (size_t i = 0; i < size; ++i) {
      double& value = (*values)[first + i];
      value = std::exp(value);
      sum += value;
    }
    for (size_t i = 0; i < size; ++i) (*values)[first + i] /= sum;
  }
}

struct DenseCase {
  size_t repeat;
  size_t depth;
  size_t columns;
  Activation activation;
  bool bias;
};

void MakeDenseCase(const DenseCase& dense, ElementType type, ModelCase* model) {
  model->tolerance = ToleranceOf(type);
  const Values kernel =
      RandomValues(&model->generator, type, dense.depth * dense.columns, -1, 1);
  const Values bias = RandomValues(&model->generator, type, dense.columns);
  const TensorId x = model->RandomInput(type, dense.repeat * dense.depth);
  const TensorId y = model->Tensor(type, dense.repeat * dense.columns);
  cudnn_gru::DenseSpec spec;
  spec.repeat = dense.repeat;
  spec.x = x;
  spec.y = y;
  spec.activation = Spec(dense.activation);
  spec.matrix = model->Matrix(type, dense.depth, dense.columns, kernel,
                              dense.bias ? &bias : nullptr);
  model->spec.instructions.push_back(spec);
  Values expected;
  for (size_t item = 0; item < model->rows * dense.repeat; ++item) {
    for (size_t c = 0; c < dense.columns; ++c) {
      double sum = dense.bias ? bias[c] : 0;
      for (size_t k = 0; k < dense.depth; ++k) {
        sum += model->inputs[0][item * dense.depth + k] *
               kernel[k * dense.columns + c];
      }
      expected.push_back(Activated(spec.activation, sum));
    }
  }
  if (dense.activation == Activation::kSoftmax) {
    Softmax(&expected, dense.columns);
  }
  model->Output(y, expected);
}

TEST_CASE("dense") {
  for (const ElementType type : kTypes) {
    for (const DenseCase& dense : {
             DenseCase{1, 1, 1, Activation::kLinear, true},
             DenseCase{1, 0, 3, Activation::kLinear, true},
             DenseCase{1, 100, 1, Activation::kTanh, true},
             DenseCase{3, 37, 2, Activation::kRelu, false},
             DenseCase{1, 5, 3, Activation::kSoftmax, true},
             DenseCase{4, 20, 48, Activation::kRelu, true},
             DenseCase{37, 9, 50, Activation::kTanh, false},
             DenseCase{2, 300, 129, Activation::kLinear, true},
             DenseCase{70, 3, 16, Activation::kSoftmax, true},
         }) {
      for (const size_t rows : {size_t{1}, size_t{5}}) {
        CheckModel(
            Format("dense %zu x (%zu, %zu), %zu rows, %s", dense.repeat,
                   dense.depth, dense.columns, rows,
                   cudnn_gru::ElementName(type)),
            rows, [&](ModelCase* model) { MakeDenseCase(dense, type, model); });
      }
    }
  }
}

using Triple = std::array<size_t, 3>;
using Pair = std::array<size_t, 2>;

struct ConvolutionCase {
  const char* name;
  Triple input;
  Triple output;
  Pair kernel;
  Pair strides;
  Pair dilation;
  Pair pad;
  size_t groups;
  size_t repeat;
};

constexpr ConvolutionCase kConvolutions[] = {
    {"conv1d valid", {1, 10, 3}, {1, 8, 5}, {1, 3}, {1, 1}, {1, 1}, {}, 1, 1},
    {"conv1d same", {1, 9, 4}, {1, 9, 6}, {1, 4}, {1, 1}, {1, 1}, {0, 1}, 1, 2},
    {"causal", {1, 50, 2}, {1, 50, 17}, {1, 3}, {1, 1}, {1, 4}, {0, 8}, 1, 1},
    {"strides", {1, 11, 6}, {1, 4, 4}, {1, 3}, {1, 3}, {1, 1}, {0, 1}, 2, 1},
    {"wide kernel", {1, 3, 2}, {1, 3, 2}, {1, 9}, {1, 1}, {1, 1}, {0, 4}, 1, 1},
    {"one channel", {8, 7, 1}, {8, 7, 8}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1, 1},
    {"conv2d", {6, 8, 3}, {3, 4, 10}, {3, 2}, {2, 2}, {1, 1}, {1, 0}, 1, 2},
    {"dilated", {9, 9, 4}, {5, 3, 4}, {3, 3}, {1, 1}, {2, 3}, {0, 0}, 4, 1},
    {"pointwise", {5, 5, 20}, {5, 5, 33}, {1, 1}, {1, 1}, {1, 1}, {}, 1, 1},
};

// The input position of a window's element in one dimension, if it exists.
bool Position(const ConvolutionCase& c, size_t dimension, size_t output,
              size_t offset, size_t* position) {
  const long at = static_cast<long>(output * c.strides[dimension] +
                                    offset * c.dilation[dimension]) -
                  static_cast<long>(c.pad[dimension]);
  if (at < 0 || at >= static_cast<long>(c.input[dimension])) return false;
  *position = static_cast<size_t>(at);
  return true;
}

cudnn_gru::WindowSpec WindowsOf(const ConvolutionCase& c) {
  return {c.input, c.output, c.kernel, c.strides, c.dilation, c.pad};
}

// Calls visit(output index, channel of the output, element's offset in the
// kernel (i * width + j), input index without the channel) for every product of
// one item.
template <class Visit>
void ForEachProduct(const ConvolutionCase& c, const Visit& visit) {
  for (size_t h = 0; h < c.output[0]; ++h) {
    for (size_t w = 0; w < c.output[1]; ++w) {
      for (size_t i = 0; i < c.kernel[0]; ++i) {
        for (size_t j = 0; j < c.kernel[1]; ++j) {
          size_t row = 0;
          size_t column = 0;
          if (Position(c, 0, h, i, &row) && Position(c, 1, w, j, &column)) {
            visit(h * c.output[1] + w, i * c.kernel[1] + j,
                  row * c.input[1] + column);
          }
        }
      }
    }
  }
}

void MakeConvolutionCase(const ConvolutionCase& c, ElementType type,
                         ModelCase* model) {
  model->tolerance = ToleranceOf(type);
  const size_t input = c.input[0] * c.input[1] * c.input[2];
  const size_t output = c.output[0] * c.output[1] * c.output[2];
  const size_t channels = c.input[2] / c.groups;
  const size_t columns = c.output[2] / c.groups;
  const size_t depth = c.kernel[0] * c.kernel[1] * channels;
  cudnn_gru::ConvolutionSpec spec;
  spec.repeat = c.repeat;
  spec.x = model->RandomInput(type, c.repeat * input);
  spec.y = model->Tensor(type, c.repeat * output);
  spec.windows = WindowsOf(c);
  spec.activation = Spec(Activation::kRelu);
  std::vector<Values> kernels;
  std::vector<Values> biases;
  for (size_t group = 0; group < c.groups; ++group) {
    kernels.push_back(
        RandomValues(&model->generator, type, depth * columns, -1, 1));
    biases.push_back(RandomValues(&model->generator, type, columns));
    spec.matrices.push_back(
        model->Matrix(type, depth, columns, kernels[group], &biases[group]));
  }
  model->spec.instructions.push_back(spec);
  Values expected(model->rows * c.repeat * output);
  for (size_t item = 0; item < model->rows * c.repeat; ++item) {
    const double* const x = model->inputs[0].data() + item * input;
    double* const y = expected.data() + item * output;
    for (size_t i = 0; i < output; ++i) {
      const size_t channel = i % c.output[2];
      y[i] = biases[channel / columns][channel % columns];
    }
    ForEachProduct(c, [&](size_t to, size_t element, size_t from) {
      for (size_t channel = 0; channel < c.output[2]; ++channel) {
        const size_t group = channel / columns;
        for (size_t k = 0; k < channels; ++k) {
          y[to * c.output[2] + channel] +=
              x[from * c.input[2] + group * channels + k] *
              kernels[group]
                     [(element * channels + k) * columns + channel % columns];
        }
      }
    });
    for (size_t i = 0; i < output; ++i) y[i] = y[i] > 0 ? y[i] : 0;
  }
  model->Output(spec.y, expected);
}

TEST_CASE("convolutions") {
  for (const ElementType type : kTypes) {
    for (const ConvolutionCase& c : kConvolutions) {
      CheckModel(
          std::string(c.name) + ", " + cudnn_gru::ElementName(type), 3,
          [&](ModelCase* model) { MakeConvolutionCase(c, type, model); });
    }
  }
}

void MakeDepthwiseCase(const ConvolutionCase& c, ElementType type,
                       size_t multiplier, ModelCase* model) {
  model->tolerance = ToleranceOf(type);
  ConvolutionCase wide = c;
  wide.output[2] = c.input[2] * multiplier;
  const size_t input = c.input[0] * c.input[1] * c.input[2];
  const size_t output = c.output[0] * c.output[1] * wide.output[2];
  const Values weights =
      RandomValues(&model->generator, type,
                   c.kernel[0] * c.kernel[1] * wide.output[2], -1, 1);
  const Values bias =
      RandomValues(&model->generator, type, wide.output[2], -1, 1);
  cudnn_gru::DepthwiseSpec spec;
  spec.repeat = c.repeat;
  spec.x = model->RandomInput(type, c.repeat * input);
  spec.y = model->Tensor(type, c.repeat * output);
  spec.weights = model->Constant(type, weights);
  if (multiplier != 2) spec.bias = model->Constant(type, bias);
  spec.windows = WindowsOf(wide);
  spec.activation = Spec(Activation::kTanh);
  model->spec.instructions.push_back(spec);
  Values expected(model->rows * c.repeat * output);
  for (size_t item = 0; item < model->rows * c.repeat; ++item) {
    const double* const x = model->inputs[0].data() + item * input;
    double* const y = expected.data() + item * output;
    for (size_t i = 0; i < output && multiplier != 2; ++i) {
      y[i] = bias[i % wide.output[2]];
    }
    ForEachProduct(wide, [&](size_t to, size_t element, size_t from) {
      for (size_t channel = 0; channel < wide.output[2]; ++channel) {
        y[to * wide.output[2] + channel] +=
            x[from * c.input[2] + channel / multiplier] *
            weights[element * wide.output[2] + channel];
      }
    });
    for (size_t i = 0; i < output; ++i) y[i] = std::tanh(y[i]);
  }
  model->Output(spec.y, expected);
}

TEST_CASE("depthwise convolutions") {
  for (const ElementType type : kTypes) {
    for (const ConvolutionCase& c : kConvolutions) {
      for (const size_t multiplier : {size_t{1}, size_t{2}, size_t{3}}) {
        CheckModel(std::string("depthwise ") + c.name, 2,
                   [&](ModelCase* model) {
                     MakeDepthwiseCase(c, type, multiplier, model);
                   });
      }
    }
  }
}

struct MatmulCase {
  size_t m;
  size_t k;
  size_t n;
  bool transpose_a;
  bool transpose_b;
};

// Two batch dimensions, of which b repeats the first.
void MakeMatmulCase(const MatmulCase& c, ElementType type, ModelCase* model) {
  model->tolerance = ToleranceOf(type);
  const size_t a_size = c.m * c.k;
  const size_t b_size = c.k * c.n;
  cudnn_gru::MatmulSpec spec;
  spec.a = model->RandomInput(type, 6 * a_size);
  spec.b = model->RandomInput(type, 3 * b_size);
  spec.y = model->Tensor(type, 6 * c.m * c.n);
  spec.batch = {2, 3};
  spec.a_strides = {static_cast<int64_t>(3 * a_size),
                    static_cast<int64_t>(a_size)};
  spec.b_strides = {0, static_cast<int64_t>(b_size)};
  spec.m = c.m;
  spec.k = c.k;
  spec.n = c.n;
  spec.transpose_a = c.transpose_a;
  spec.transpose_b = c.transpose_b;
  spec.scale = 0.25;
  model->spec.instructions.push_back(spec);
  Values expected;
  for (size_t index = 0; index < model->rows * 6; ++index) {
    const double* const a = model->inputs[0].data() + index * a_size;
    const double* const b =
        model->inputs[1].data() + (index / 6 * 3 + index % 3) * b_size;
    for (size_t i = 0; i < c.m; ++i) {
      for (size_t j = 0; j < c.n; ++j) {
        double sum = 0;
        for (size_t l = 0; l < c.k; ++l) {
          sum += a[c.transpose_a ? l * c.m + i : i * c.k + l] *
                 b[c.transpose_b ? j * c.k + l : l * c.n + j];
        }
        expected.push_back(0.25 * sum);
      }
    }
  }
  model->Output(spec.y, expected);
}

TEST_CASE("matmul") {
  for (const ElementType type : kTypes) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        for (const auto& [m, k, n] :
             {Triple{1, 1, 1}, Triple{1, 40, 37}, Triple{5, 7, 3},
              Triple{17, 33, 20}, Triple{3, 0, 2}, Triple{9, 16, 64}}) {
          const MatmulCase c = {m, k, n, transpose_a, transpose_b};
          CheckModel(Format("matmul %zu %zu %zu %d %d", m, k, n, transpose_a,
                            transpose_b),
                     2,
                     [&](ModelCase* model) { MakeMatmulCase(c, type, model); });
        }
      }
    }
  }
}

TEST_CASE("additive scores") {
  for (const ElementType type : kTypes) {
    for (const bool scaled : {false, true}) {
      CheckModel("additive scores", 3, [&](ModelCase* model) {
        constexpr size_t kQueries = 5;
        constexpr size_t kValues = 7;
        constexpr size_t kDepth = 19;
        model->tolerance = ToleranceOf(type);
        const Values scale = RandomValues(&model->generator, type, kDepth);
        cudnn_gru::AdditiveScoresSpec spec;
        spec.q = model->RandomInput(type, kQueries * kDepth);
        spec.v = model->RandomInput(type, kValues * kDepth);
        if (scaled) spec.scale = model->Constant(type, scale);
        spec.y = model->Tensor(type, kQueries * kValues);
        spec.queries = kQueries;
        spec.values = kValues;
        spec.depth = kDepth;
        model->spec.instructions.push_back(spec);
        Values expected;
        for (size_t row = 0; row < model->rows; ++row) {
          for (size_t i = 0; i < kQueries; ++i) {
            for (size_t j = 0; j < kValues; ++j) {
              double sum = 0;
              for (size_t d = 0; d < kDepth; ++d) {
                const double q =
                    model->inputs[0][(row * kQueries + i) * kDepth + d];
                const double v =
                    model->inputs[1][(row * kValues + j) * kDepth + d];
                sum += (scaled ? scale[d] : 1) * std::tanh(q + v);
              }
              expected.push_back(sum);
            }
          }
        }
        model->Output(spec.y, expected);
      });
    }
  }
}

}  // namespace
}  // namespace cudnn_gru_test
