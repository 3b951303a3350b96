// The instructions of native programs that combine elements: reduce, softmax,
// normalize and pool. The expected values come from plain loops in double.
#include <array>
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
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr ElementType kFloat32 = ElementType::kFloat32;
constexpr ElementType kFloat64 = ElementType::kFloat64;
constexpr ElementType kInt32 = ElementType::kInt32;
constexpr ElementType kBool = ElementType::kBool;

double ToleranceOf(ElementType type) {
  return type == kFloat32 ? 1e-6 : type == kFloat64 ? 1e-13 : 0;
}

struct Reduction {
  const char* name;
  std::vector<ElementType> types;
  double (*function)(const Values& values);
};

double Sum(const Values& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

double Product(const Values& values) {
  double product = 1;
  for (const double value : values) product *= value;
  return product;
}

size_t PositionOf(const Values& values, bool largest) {
  size_t at = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    if (largest ? values[i] > values[at] : values[i] < values[at]) at = i;
  }
  return at;
}

const Reduction kReductions[] = {
    {"sum", {kFloat32, kFloat64, kInt32}, Sum},
    {"mean",
     {kFloat32, kFloat64},
     [](const Values& values) {
       return Sum(values) / static_cast<double>(values.size());
     }},
    {"prod", {kFloat32, kFloat64}, Product},
    {"max",
     {kFloat32, kFloat64, kInt32},
     [](const Values& values) { return values[PositionOf(values, true)]; }},
    {"min",
     {kFloat32, kFloat64, kInt32},
     [](const Values& values) { return values[PositionOf(values, false)]; }},
    {"any",
     {kBool},
     [](const Values& values) { return Sum(values) > 0 ? 1.0 : 0.0; }},
    {"all", {kBool}, Product},
    {"argmax",
     {kFloat32, kFloat64, kInt32},
     [](const Values& values) {
       return static_cast<double>(PositionOf(values, true));
     }},
    {"argmin",
     {kFloat32, kFloat64, kInt32},
     [](const Values& values) {
       return static_cast<double>(PositionOf(values, false));
     }},
};

// Which dimensions of a tensor are reduced.
struct Reduced {
  std::vector<size_t> shape;
  std::vector<bool> reduced;
};

const Reduced kShapes[] = {
    {{7}, {true}},
    {{4, 5}, {true, false}},
    {{4, 5}, {false, true}},
    {{3, 2, 4}, {true, false, true}},
    {{3, 2, 4}, {false, true, false}},
    {{30, 70}, {true, false}},
    {{3, 40}, {false, true}},
    {{6}, {false}},
};

void MakeReduceCase(const Reduction& reduction, const Reduced& of,
                    ElementType type, ModelCase* model) {
  model->tolerance = ToleranceOf(type);
  const bool position = std::string(reduction.name).substr(0, 3) == "arg";
  cudnn_gru::ReduceSpec spec;
  spec.function = reduction.name;
  size_t size = 1;
  size_t kept = 1;
  std::vector<int64_t> strides(of.shape.size());
  for (size_t i = of.shape.size(); i-- > 0;) {
    strides[i] = static_cast<int64_t>(size);
    size *= of.shape[i];
  }
  for (size_t i = 0; i < of.shape.size(); ++i) {
    (of.reduced[i] ? spec.reduced : spec.kept).push_back(of.shape[i]);
    (of.reduced[i] ? spec.reduced_strides : spec.kept_strides)
        .push_back(strides[i]);
    if (!of.reduced[i]) kept *= of.shape[i];
  }
  spec.repeat = 2;
  spec.x = model->RandomInput(type, 2 * size);
  spec.y = model->Tensor(position ? kInt32 : type, 2 * kept);
  model->spec.instructions.push_back(spec);
  Values expected;
  for (size_t item = 0; item < 2 * model->rows; ++item) {
    std::vector<Values> groups(kept);
    for (size_t i = 0; i < size; ++i) {
      size_t group = 0;
      for (size_t d = 0; d < of.shape.size(); ++d) {
        if (of.reduced[d]) continue;
        group = group * of.shape[d] +
                i / static_cast<size_t>(strides[d]) % of.shape[d];
      }
      groups[group].push_back(model->inputs[0][item * size + i]);
    }
    for (const Values& group : groups) {
      expected.push_back(reduction.function(group));
    }
  }
  model->Output(spec.y, expected);
}

TEST_CASE("reductions") {
  for (const Reduction& reduction : kReductions) {
    for (const ElementType type : reduction.types) {
      for (const Reduced& of : kShapes) {
        CheckModel(
            std::string(reduction.name) + " of " + cudnn_gru::ElementName(type),
            3, [&](ModelCase* model) {
              MakeReduceCase(reduction, of, type, model);
            });
      }
    }
  }
}

TEST_CASE("reductions of special values and of nothing") {
  const auto check = [](const char* name, ElementType type, ElementType result,
                        const Values& values, double expected) {
    CheckModel(name, 1, [&](ModelCase* model) {
      model->tolerance = 0;
      cudnn_gru::ReduceSpec spec;
      spec.function = name;
      spec.x = model->Input(type, values.size(), values);
      spec.y = model->Tensor(result, 1);
      spec.reduced = {values.size()};
      spec.reduced_strides = {1};
      model->spec.instructions.push_back(spec);
      model->Output(spec.y, {expected});
    });
  };
  check("max", kFloat32, kFloat32, {1, kNan, 3}, kNan);
  check("min", kFloat64, kFloat64, {1, 3, kNan}, kNan);
  check("max", kFloat32, kFloat32, {-kInfinity, -kInfinity}, -kInfinity);
  check("min", kFloat32, kFloat32, {kInfinity}, kInfinity);
  check("sum", kInt32, kInt32, {2147483647.0, 1}, -2147483648.0);
  check("prod", kInt32, kInt32, {65536, 65536, 3}, 0);
  check("sum", kFloat32, kFloat32, {}, 0);
  check("prod", kFloat64, kFloat64, {}, 1);
  check("mean", kFloat32, kFloat32, {}, kNan);
  check("any", kBool, kBool, {}, 0);
  check("all", kBool, kBool, {}, 1);
  check("argmax", kFloat32, kInt32, {1, 5, 5, 2}, 1);
  check("argmin", kInt32, kInt32, {3, 1, 1, 2}, 1);
}

struct Axis {
  size_t outer;
  size_t axis;
  size_t inner;
};

TEST_CASE("softmax and log_softmax") {
  for (const ElementType type : {kFloat32, kFloat64}) {
    for (const Axis& shape : {Axis{1, 1, 1}, Axis{3, 17, 1}, Axis{2, 5, 4},
                              Axis{1, 100, 3}, Axis{4, 64, 1}, Axis{2, 0, 3}}) {
      for (const bool logarithm : {false, true}) {
        CheckModel("softmax", 2, [&](ModelCase* model) {
          model->tolerance = ToleranceOf(type);
          const size_t size = shape.outer * shape.axis * shape.inner;
          cudnn_gru::SoftmaxSpec spec;
          spec.kind = logarithm ? cudnn_gru::SoftmaxKind::kLogSoftmax
                                : cudnn_gru::SoftmaxKind::kSoftmax;
          spec.x = model->RandomInput(type, size, -20, 20);
          spec.y = model->Tensor(type, size);
          spec.outer = shape.outer;
          spec.axis = shape.axis;
          spec.inner = shape.inner;
          model->spec.instructions.push_back(spec);
          Values expected(model->inputs[0].size());
          for (size_t i = 0; i < expected.size(); ++i) {
            const size_t first =
                i / (shape.axis * shape.inner) * (shape.axis * shape.inner) +
                i % shape.inner;
            double sum = 0;
            for (size_t j = 0; j < shape.axis; ++j) {
              sum += std::exp(model->inputs[0][first + j * shape.inner] -
                              model->inputs[0][i]);
            }
            expected[i] = logarithm ? -std::log(sum) : 1 / sum;
          }
          model->Output(spec.y, expected);
        });
      }
    }
  }
}

TEST_CASE("a softmax of masked scores") {
  CheckModel("softmax", 1, [](ModelCase* model) {
    cudnn_gru::SoftmaxSpec spec;
    spec.x = model->Input(
        kFloat32, 12,
        {-1e9, 1, -1e9, 1, -kInfinity, 0, 0, -kInfinity, kNan, 0, 0, 0});
    spec.y = model->Tensor(kFloat32, 12);
    spec.outer = 3;
    spec.axis = 4;
    model->spec.instructions.push_back(spec);
    model->Output(spec.y,
                  {0, 0.5, 0, 0.5, 0, 0.5, 0.5, 0, kNan, kNan, kNan, kNan});
  });
}

TEST_CASE("normalize") {
  using cudnn_gru::NormalizeKind;
  for (const ElementType type : {kFloat32, kFloat64}) {
    for (const NormalizeKind kind :
         {NormalizeKind::kLayer, NormalizeKind::kRms, NormalizeKind::kUnit}) {
      for (const size_t size : {size_t{1}, size_t{6}, size_t{37}}) {
        CheckModel("normalize", 3, [&](ModelCase* model) {
          model->tolerance = ToleranceOf(type);
          constexpr size_t kGroups = 4;
          const double epsilon = kind == NormalizeKind::kUnit ? 0.5 : 1e-3;
          cudnn_gru::NormalizeSpec spec;
          spec.kind = kind;
          spec.x = model->RandomInput(type, kGroups * size, -1, 3);
          spec.y = model->Tensor(type, kGroups * size);
          spec.groups = kGroups;
          spec.size = size;
          spec.epsilon = epsilon;
          model->spec.instructions.push_back(spec);
          Values expected;
          for (size_t first = 0; first < model->inputs[0].size();
               first += size) {
            const double* const x = model->inputs[0].data() + first;
            const double n = static_cast<double>(size);
            double mean = 0;
            double squares = 0;
            for (size_t i = 0; i < size; ++i) {
              mean += x[i] / n;
              squares += x[i] * x[i];
            }
            double variance = 0;
            for (size_t i = 0; i < size; ++i) {
              variance += (x[i] - mean) * (x[i] - mean) / n;
            }
            for (size_t i = 0; i < size; ++i) {
              const double value =
                  kind == NormalizeKind::kLayer
                      ? (x[i] - mean) / std::sqrt(variance + epsilon)
                  : kind == NormalizeKind::kRms
                      ? x[i] / std::sqrt(squares / n + epsilon)
                      : x[i] * std::fmin(1 / std::sqrt(squares), 1 / epsilon);
              expected.push_back(value);
            }
          }
          model->Output(spec.y, expected);
        });
      }
    }
  }
}

using Triple = std::array<size_t, 3>;
using Pair = std::array<size_t, 2>;

struct PoolCase {
  Triple input;
  Triple output;
  Pair window;
  Pair strides;
  Pair pad;
};

const PoolCase kPools[] = {
    {{1, 10, 3}, {1, 5, 3}, {1, 2}, {1, 2}, {0, 0}},
    {{1, 7, 20}, {1, 7, 20}, {1, 4}, {1, 1}, {0, 1}},
    {{6, 5, 2}, {3, 3, 2}, {2, 3}, {2, 2}, {0, 1}},
    {{4, 4, 5}, {1, 1, 5}, {4, 4}, {1, 1}, {0, 0}},
    {{2, 2, 1}, {2, 2, 1}, {5, 5}, {1, 1}, {2, 2}},
};

void MakePoolCase(const PoolCase& c, ElementType type, bool average,
                  ModelCase* model) {
  model->tolerance = ToleranceOf(type);
  const size_t channels = c.input[2];
  const size_t input = c.input[0] * c.input[1] * channels;
  const size_t output = c.output[0] * c.output[1] * channels;
  cudnn_gru::PoolSpec spec;
  spec.repeat = 2;
  spec.kind =
      average ? cudnn_gru::PoolKind::kAverage : cudnn_gru::PoolKind::kMax;
  spec.x = model->RandomInput(type, 2 * input);
  spec.y = model->Tensor(type, 2 * output);
  spec.windows = {c.input, c.output, c.window, c.strides, {1, 1}, c.pad};
  model->spec.instructions.push_back(spec);
  Values expected;
  for (size_t item = 0; item < 2 * model->rows; ++item) {
    const double* const x = model->inputs[0].data() + item * input;
    for (size_t at = 0; at < output; ++at) {
      const long row = static_cast<long>(at / channels / c.output[1]);
      const long column = static_cast<long>(at / channels % c.output[1]);
      double most = -kInfinity;
      double sum = 0;
      double count = 0;
      for (size_t i = 0; i < c.window[0] * c.window[1]; ++i) {
        const long from_row = row * static_cast<long>(c.strides[0]) -
                              static_cast<long>(c.pad[0]) +
                              static_cast<long>(i / c.window[1]);
        const long from_column = column * static_cast<long>(c.strides[1]) -
                                 static_cast<long>(c.pad[1]) +
                                 static_cast<long>(i % c.window[1]);
        if (from_row < 0 || from_row >= static_cast<long>(c.input[0]) ||
            from_column < 0 || from_column >= static_cast<long>(c.input[1])) {
          continue;
        }
        const double value =
            x[static_cast<size_t>(from_row * static_cast<long>(c.input[1]) +
                                  from_column) *
                  channels +
              at % channels];
        most = std::fmax(most, value);
        sum += value;
        ++count;
      }
      expected.push_back(average ? sum / count : most);
    }
  }
  model->Output(spec.y, expected);
}

TEST_CASE("pool") {
  for (const ElementType type : {kFloat32, kFloat64}) {
    for (const PoolCase& c : kPools) {
      for (const bool average : {false, true}) {
        CheckModel(
            average ? "average pooling" : "max pooling", 3,
            [&](ModelCase* model) { MakePoolCase(c, type, average, model); });
      }
    }
  }
}

}  // namespace
}  // namespace cudnn_gru_test
