// The instructions of native programs that work element by element, and those
// that move elements. The expected values come from plain loops in double.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "model_case.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using Shape = std::vector<size_t>;
using Strides = std::vector<int64_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

constexpr ElementType kFloat32 = ElementType::kFloat32;
constexpr ElementType kFloat64 = ElementType::kFloat64;
constexpr ElementType kInt32 = ElementType::kInt32;
constexpr ElementType kBool = ElementType::kBool;

double ToleranceOf(ElementType type) {
  return type == kFloat32 ? 1e-6 : type == kFloat64 ? 1e-14 : 0;
}

struct UnaryCase {
  const char* name;
  double (*function)(double);
  double low;
  double high;
};

// Rounds half to even, without the current rounding mode.
double RoundEven(double x) {
  const double down = std::floor(x);
  const double rest = x - down;
  if (rest != 0.5) return rest < 0.5 ? down : down + 1;
  return std::fmod(down, 2) == 0 ? down : down + 1;
}

double Sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

const UnaryCase kUnary[] = {
    {"exp", [](double x) { return std::exp(x); }, -5, 5},
    {"log", [](double x) { return std::log(x); }, 0.1, 9},
    {"log1p", [](double x) { return std::log1p(x); }, -0.9, 9},
    {"expm1", [](double x) { return std::expm1(x); }, -1, 2},
    {"sqrt", [](double x) { return std::sqrt(x); }, 0, 9},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 0.1, 9},
    {"square", [](double x) { return x * x; }, -3, 3},
    {"abs", [](double x) { return std::fabs(x); }, -3, 3},
    {"negative", [](double x) { return -x; }, -3, 3},
    {"sign", Sign, -3, 3},
    {"reciprocal", [](double x) { return 1 / x; }, 0.2, 3},
    {"floor", [](double x) { return std::floor(x); }, -3, 3},
    {"ceil", [](double x) { return std::ceil(x); }, -3, 3},
    {"round", RoundEven, -3, 3},
    {"sin", [](double x) { return std::sin(x); }, -9, 9},
    {"cos", [](double x) { return std::cos(x); }, -9, 9},
    {"tan", [](double x) { return std::tan(x); }, -1, 1},
    {"arcsin", [](double x) { return std::asin(x); }, -1, 1},
    {"arccos", [](double x) { return std::acos(x); }, -1, 1},
    {"arctan", [](double x) { return std::atan(x); }, -9, 9},
    {"sinh", [](double x) { return std::sinh(x); }, -2, 2},
    {"cosh", [](double x) { return std::cosh(x); }, -2, 2},
    {"arcsinh", [](double x) { return std::asinh(x); }, -9, 9},
    {"arccosh", [](double x) { return std::acosh(x); }, 1, 9},
    {"arctanh", [](double x) { return std::atanh(x); }, -0.9, 0.9},
    {"erf", [](double x) { return std::erf(x); }, -2, 2},
    {"tanh", [](double x) { return std::tanh(x); }, -3, 3},
    {"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, -9, 9},
};

void MakeUnaryCase(const char* name, ElementType type, ElementType result,
                   Values inputs, double (*function)(double),
                   ModelCase* model) {
  model->tolerance = ToleranceOf(type);
  const size_t size = inputs.size() / model->rows;
  cudnn_gru::UnarySpec spec;
  spec.function = name;
  spec.x = model->Input(type, size, std::move(inputs));
  spec.y = model->Tensor(result, size);
  model->spec.instructions.push_back(spec);
  Values expected;
  for (const double x : model->inputs[0]) expected.push_back(function(x));
  model->Output(spec.y, expected);
}

TEST_CASE("unary functions of floats") {
  for (const ElementType type : {kFloat32, kFloat64}) {
    for (const UnaryCase& c : kUnary) {
      CheckModel(std::string(c.name) + " of " + cudnn_gru::ElementName(type), 3,
                 [&](ModelCase* model) {
                   MakeUnaryCase(c.name, type, type,
                                 RandomValues(&model->generator, type, 3 * 41,
                                              c.low, c.high),
                                 c.function, model);
                 });
    }
  }
}

TEST_CASE("half-way cases and special values of unary functions") {
  const Values values = {-2.5, -1.5, -0.5,      0.5,       1.5,
                         2.5,  kNan, kInfinity, -kInfinity};
  for (const ElementType type : {kFloat32, kFloat64}) {
    const auto check = [&](const char* name, ElementType result,
                           double (*function)(double)) {
      CheckModel(name, 3, [&](ModelCase* model) {
        MakeUnaryCase(name, type, result, values, function, model);
      });
    };
    check("round", type,
          [](double x) { return std::isfinite(x) ? RoundEven(x) : x; });
    check("sign", type, Sign);
    check("isnan", kBool, [](double x) { return std::isnan(x) ? 1.0 : 0.0; });
    check("isinf", kBool, [](double x) { return std::isinf(x) ? 1.0 : 0.0; });
    check("isfinite", kBool,
          [](double x) { return std::isfinite(x) ? 1.0 : 0.0; });
  }
}

TEST_CASE("unary functions of integers and bools") {
  const Values values = {-2147483648.0, -3, 0, 1, 7, 2147483647.0};
  const auto check = [&](const char* name, double (*function)(double)) {
    CheckModel(name, 2, [&](ModelCase* model) {
      MakeUnaryCase(name, kInt32, kInt32, values, function, model);
    });
  };
  // -2^31 has no opposite, and stays.
  check("negative", [](double x) { return x == -2147483648.0 ? x : -x; });
  check("abs", [](double x) { return x < 0 && x > -2147483648.0 ? -x : x; });
  check("sign", Sign);
  check("square", [](double x) {
    const int64_t whole = static_cast<int64_t>(x);
    return static_cast<double>(static_cast<int32_t>(
        static_cast<uint32_t>(static_cast<uint64_t>(whole * whole))));
  });
  CheckModel("logical_not", 2, [&](ModelCase* model) {
    MakeUnaryCase(
        "logical_not", kBool, kBool, {0, 1, 1, 0},
        [](double x) { return x == 0 ? 1.0 : 0.0; }, model);
  });
}

TEST_CASE("unary softmax is over an item") {
  CheckModel("softmax", 3, [](ModelCase* model) {
    cudnn_gru::UnarySpec spec;
    spec.function = "softmax";
    spec.repeat = 4;
    spec.x = model->RandomInput(kFloat32, 4 * 6);
    spec.y = model->Tensor(kFloat32, 4 * 6);
    model->spec.instructions.push_back(spec);
    Values expected = model->inputs[0];
    for (size_t first = 0; first < expected.size(); first += 6) {
      double sum = 0;
      for (size_t i = 0; i < 6; ++i) sum += std::exp(expected[first + i]);
      for (size_t i = 0; i < 6; ++i) {
        expected[first + i] = std::exp(expected[first + i]) / sum;
      }
    }
    model->Output(spec.y, expected);
  });
}

struct BinaryCase {
  const char* name;
  double (*function)(double, double);
};

double FloorMod(double a, double b) { return a - b * std::floor(a / b); }

const BinaryCase kArithmetic[] = {
    {"add", [](double a, double b) { return a + b; }},
    {"subtract", [](double a, double b) { return a - b; }},
    {"multiply", [](double a, double b) { return a * b; }},
    {"maximum", [](double a, double b) { return a > b ? a : b; }},
    {"minimum", [](double a, double b) { return a < b ? a : b; }},
    {"squared_difference",
     [](double a, double b) { return (a - b) * (a - b); }},
};

const BinaryCase kDivisions[] = {
    {"floor_divide", [](double a, double b) { return std::floor(a / b); }},
    {"mod", FloorMod},
};

const BinaryCase kComparisons[] = {
    {"equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"not_equal", [](double a, double b) { return a != b ? 1.0 : 0.0; }},
    {"less", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
    {"less_equal", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
    {"greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
    {"greater_equal", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
};

const BinaryCase kLogical[] = {
    {"logical_and",
     [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
    {"logical_or",
     [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }},
    {"logical_xor",
     [](double a, double b) { return (a != 0) != (b != 0) ? 1.0 : 0.0; }},
};

// The shapes and strides of two operands of sizes that the strides need.
struct Broadcast {
  Shape shape;
  size_t a_size;
  Strides a_strides;
  size_t b_size;
  Strides b_strides;
};

const Broadcast kBroadcasts[] = {
    {{12}, 12, {1}, 12, {1}},
    {{3, 4}, 12, {4, 1}, 1, {0, 0}},
    {{3, 4}, 3, {1, 0}, 4, {0, 1}},
    {{3, 4}, 12, {4, 1}, 4, {0, 1}},
    {{2, 3, 2}, 12, {6, 1, 3}, 12, {6, 2, 1}},
    {{2, 1, 5, 3}, 10, {5, 9, 1, 0}, 30, {15, 9, 3, 1}},
    {{0, 3}, 3, {3, 1}, 3, {3, 1}},
};

// The offset of the index `flat` of a shape.
int64_t OffsetOf(const Shape& shape, const Strides& strides, size_t flat) {
  int64_t offset = 0;
  for (size_t i = shape.size(); i-- > 0;) {
    offset += static_cast<int64_t>(flat % shape[i]) * strides[i];
    flat /= shape[i];
  }
  return offset;
}

size_t SizeOf(const Shape& shape) {
  size_t size = 1;
  for (const size_t one : shape) size *= one;
  return size;
}

void MakeBinaryCase(const BinaryCase& c, const Broadcast& broadcast,
                    ElementType type, ElementType result, bool constant,
                    ModelCase* model) {
  model->tolerance = type == kInt32 ? 0 : ToleranceOf(type);
  const size_t size = SizeOf(broadcast.shape);
  cudnn_gru::BinarySpec spec;
  spec.function = c.name;
  spec.repeat = 2;
  spec.a = model->RandomInput(type, 2 * broadcast.a_size, -9, 9);
  // The divisor is not 0.
  const Values b = RandomValues(&model->generator, type,
                                2 * broadcast.b_size * model->rows, 1, 4);
  const Values constant_b(
      b.begin(), b.begin() + static_cast<std::ptrdiff_t>(broadcast.b_size));
  spec.b = constant ? model->Constant(type, constant_b)
                    : model->Input(type, 2 * broadcast.b_size, b);
  spec.y = model->Tensor(result, 2 * size);
  spec.shape = broadcast.shape;
  spec.a_strides = broadcast.a_strides;
  spec.b_strides = broadcast.b_strides;
  model->spec.instructions.push_back(spec);
  Values expected;
  for (size_t item = 0; item < 2 * model->rows; ++item) {
    const double* const from_a =
        model->inputs[0].data() + item * broadcast.a_size;
    const double* const from_b =
        constant ? constant_b.data() : b.data() + item * broadcast.b_size;
    for (size_t i = 0; i < size; ++i) {
      expected.push_back(
          c.function(from_a[OffsetOf(broadcast.shape, spec.a_strides, i)],
                     from_b[OffsetOf(broadcast.shape, spec.b_strides, i)]));
    }
  }
  model->Output(spec.y, expected);
}

template <size_t kCount>
void CheckBinary(const BinaryCase (&cases)[kCount],
                 const std::vector<ElementType>& types, bool bools) {
  for (const ElementType type : types) {
    for (const BinaryCase& c : cases) {
      for (const Broadcast& broadcast : kBroadcasts) {
        for (const bool constant : {false, true}) {
          CheckModel(
              std::string(c.name) + " of " + cudnn_gru::ElementName(type), 2,
              [&](ModelCase* model) {
                MakeBinaryCase(c, broadcast, type, bools ? kBool : type,
                               constant, model);
              });
        }
      }
    }
  }
}

TEST_CASE("binary arithmetic") {
  CheckBinary(kArithmetic, {kFloat32, kFloat64, kInt32}, false);
}

TEST_CASE("quotients and remainders") {
  CheckBinary(kDivisions, {kFloat64, kInt32}, false);
  const BinaryCase divide[] = {
      {"divide", [](double a, double b) { return a / b; }},
      {"power", [](double a, double b) { return std::pow(std::fabs(a), b); }}};
  CheckModel("divide", 1, [&](ModelCase* model) {
    MakeBinaryCase(divide[0], kBroadcasts[1], kFloat32, kFloat32, false, model);
  });
  CheckModel("power", 1, [&](ModelCase* model) {
    MakeBinaryCase({"power", [](double a, double b) { return std::pow(a, b); }},
                   kBroadcasts[0], kInt32, kInt32, false, model);
  });
  CheckModel("arctan2", 1, [&](ModelCase* model) {
    MakeBinaryCase(
        {"arctan2", [](double a, double b) { return std::atan2(a, b); }},
        kBroadcasts[0], kFloat32, kFloat32, false, model);
  });
}

TEST_CASE("comparisons and logical functions") {
  CheckBinary(kComparisons, {kFloat32, kFloat64, kInt32, kBool}, true);
  CheckBinary(kLogical, {kBool}, true);
}

// Values at the ends of int32, and NaN.
TEST_CASE("binary functions at the limits") {
  const auto check = [](const char* name, ElementType type, Values a, Values b,
                        Values expected) {
    CheckModel(name, 1, [&](ModelCase* model) {
      model->tolerance = 0;
      cudnn_gru::BinarySpec spec;
      spec.function = name;
      spec.a = model->Input(type, a.size(), a);
      spec.b = model->Input(type, b.size(), b);
      spec.y = model->Tensor(type, a.size());
      spec.shape = {a.size()};
      spec.a_strides = {1};
      spec.b_strides = {1};
      model->spec.instructions.push_back(spec);
      model->Output(spec.y, expected);
    });
  };
  const double low = -2147483648.0;
  const double high = 2147483647.0;
  check("add", kInt32, {high, low}, {1, -1}, {low, high});
  check("divide", kInt32, {low, 7, -7, 5}, {-1, 2, 2, 0}, {low, 3, -3, 0});
  check("floor_divide", kInt32, {low, 7, -7, 5}, {-1, 2, 2, 0},
        {low, 3, -4, 0});
  check("mod", kInt32, {low, 7, -7, 7, 5}, {-1, 2, 3, -3, 0}, {0, 1, 2, -2, 0});
  check("power", kInt32, {2, -1, -1, 1, 3, 0}, {31, -3, -2, -5, -1, 0},
        {low, -1, 1, 1, 0, 1});
  check("mod", kFloat32, {-7, 7, 5.5}, {3, -3, kInfinity}, {2, -2, 5.5});
  check("maximum", kFloat32, {kNan, 1, 2}, {1, kNan, 3}, {kNan, kNan, 3});
  check("minimum", kFloat64, {kNan, 1, 2}, {1, kNan, 3}, {kNan, kNan, 2});
}

}  // namespace
}  // namespace cudnn_gru_test
