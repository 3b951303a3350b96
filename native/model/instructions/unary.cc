#include "model/instructions/unary.h"

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "core/activation_names.h"
#include "core/portable_math.h"
#include "model/instructions/function_table.h"
#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

enum class Kind { kFloat, kSigned, kTest, kNot };

// Computes `n` elements. y may be x where both have one type.
template <typename T, typename R>
using Loop = void (*)(const T* x, R* y, size_t n);

template <typename T, typename R, R (*kFunction)(T)>
void Each(const T* x, R* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = kFunction(x[i]);
}

// Floats are computed in double and rounded, so that their bits do not depend
// on the C library's float functions.
template <typename T, double (*kFunction)(double)>
T InDouble(T x) {
  return static_cast<T>(kFunction(static_cast<double>(x)));
}

double Expm1(double x) { return std::expm1(x); }
double Sin(double x) { return std::sin(x); }
double Cos(double x) { return std::cos(x); }
double Tan(double x) { return std::tan(x); }
double Asin(double x) { return std::asin(x); }
double Acos(double x) { return std::acos(x); }
double Atan(double x) { return std::atan(x); }
double Sinh(double x) { return std::sinh(x); }
double Cosh(double x) { return std::cosh(x); }
double Asinh(double x) { return std::asinh(x); }
double Acosh(double x) { return std::acosh(x); }
double Atanh(double x) { return std::atanh(x); }
double Erf(double x) { return std::erf(x); }
double InverseRoot(double x) { return 1 / std::sqrt(x); }
// Rounds half to even, as Keras does, in the default rounding mode.
double Round(double x) { return std::nearbyint(x); }

template <typename T>
T Log(T x) {
  return PortableLog(x);
}
template <typename T>
T Log1p(T x) {
  return PortableLog1p(x);
}
template <typename T>
T Sqrt(T x) {
  return std::sqrt(x);
}
template <typename T>
T Reciprocal(T x) {
  return T(1) / x;
}
template <typename T>
T Floor(T x) {
  return std::floor(x);
}
template <typename T>
T Ceil(T x) {
  return std::ceil(x);
}

// Integers wrap around, as in TensorFlow.
template <typename T>
T Square(T x) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint32_t>(x) * static_cast<uint32_t>(x));
  } else {
    return x * x;
  }
}
template <typename T>
T Negative(T x) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(-static_cast<uint32_t>(x));
  } else {
    return -x;
  }
}
template <typename T>
T Abs(T x) {
  if constexpr (std::is_integral_v<T>) {
    return x < 0 ? Negative(x) : x;
  } else {
    return std::fabs(x);
  }
}
template <typename T>
T Sign(T x) {
  if (x > 0) return T(1);
  if (x < 0) return T(-1);
  return x;  // keeps NaN, and the sign of zero
}

uint8_t Not(uint8_t x) { return x == 0; }
template <typename T>
uint8_t IsNan(T x) {
  return std::isnan(x);
}
template <typename T>
uint8_t IsInf(T x) {
  return std::isinf(x);
}
template <typename T>
uint8_t IsFinite(T x) {
  return std::isfinite(x);
}

template <typename T, double (*kFunction)(double)>
constexpr Loop<T, T> kInDouble = Each<T, T, InDouble<T, kFunction>>;

// A function, with its loops for every type that it has.
struct Entry {
  const char* name;
  Kind kind;
  Loop<float, float> f32 = nullptr;
  Loop<double, double> f64 = nullptr;
  Loop<int32_t, int32_t> i32 = nullptr;
  Loop<float, uint8_t> test_f32 = nullptr;
  Loop<double, uint8_t> test_f64 = nullptr;
};

#define GRU_IN_DOUBLE(name, function) \
  {name, Kind::kFloat, kInDouble<float, function>, kInDouble<double, function>}
#define GRU_FLOAT(name, function)                           \
  {name, Kind::kFloat, Each<float, float, function<float>>, \
   Each<double, double, function<double>>}
#define GRU_SIGNED(name, function)                           \
  {name, Kind::kSigned, Each<float, float, function<float>>, \
   Each<double, double, function<double>>,                   \
   Each<int32_t, int32_t, function<int32_t>>}
#define GRU_TEST(name, function)          \
  {name,                                  \
   Kind::kTest,                           \
   nullptr,                               \
   nullptr,                               \
   nullptr,                               \
   Each<float, uint8_t, function<float>>, \
   Each<double, uint8_t, function<double>>}

const Entry kEntries[] = {
    {"exp", Kind::kFloat},  // the activation "exponential"
    GRU_FLOAT("log", Log),
    GRU_FLOAT("log1p", Log1p),
    GRU_IN_DOUBLE("expm1", Expm1),
    GRU_FLOAT("sqrt", Sqrt),
    GRU_IN_DOUBLE("rsqrt", InverseRoot),
    GRU_SIGNED("square", Square),
    GRU_SIGNED("abs", Abs),
    GRU_SIGNED("negative", Negative),
    GRU_SIGNED("sign", Sign),
    GRU_FLOAT("reciprocal", Reciprocal),
    GRU_FLOAT("floor", Floor),
    GRU_FLOAT("ceil", Ceil),
    GRU_IN_DOUBLE("round", Round),
    GRU_IN_DOUBLE("sin", Sin),
    GRU_IN_DOUBLE("cos", Cos),
    GRU_IN_DOUBLE("tan", Tan),
    GRU_IN_DOUBLE("arcsin", Asin),
    GRU_IN_DOUBLE("arccos", Acos),
    GRU_IN_DOUBLE("arctan", Atan),
    GRU_IN_DOUBLE("sinh", Sinh),
    GRU_IN_DOUBLE("cosh", Cosh),
    GRU_IN_DOUBLE("arcsinh", Asinh),
    GRU_IN_DOUBLE("arccosh", Acosh),
    GRU_IN_DOUBLE("arctanh", Atanh),
    GRU_IN_DOUBLE("erf", Erf),
    {"logical_not", Kind::kNot},
    GRU_TEST("isnan", IsNan),
    GRU_TEST("isinf", IsInf),
    GRU_TEST("isfinite", IsFinite),
};

#undef GRU_IN_DOUBLE
#undef GRU_FLOAT
#undef GRU_SIGNED
#undef GRU_TEST

// Runs a loop over all items. Only the items of a constant do not lie one after
// the other.
template <typename T, typename R>
class Elementwise : public Instruction {
 public:
  Elementwise(InstructionFacts facts, const Operand& x, const Operand& y,
              Loop<T, R> loop)
      : Instruction(std::move(facts)), x_(x), y_(y), loop_(loop) {}

  Status Run(const Frame& frame) const override {
    const size_t items = Items(frame);
    if (x_.stride == x_.size) {
      loop_(x_.In<T>(frame), y_.In<R>(frame), items * x_.size);
      return Status();
    }
    for (size_t item = 0; item < items; ++item) {
      loop_(x_.Item<T>(frame, item), y_.Item<R>(frame, item), x_.size);
    }
    return Status();
  }

 private:
  const Operand x_;
  const Operand y_;
  const Loop<T, R> loop_;
};

template <typename T>
class Activate : public Instruction {
 public:
  Activate(InstructionFacts facts, const ActivationSpec& activation,
           const Operand& x, const Operand& y, const CpuIsa& isa)
      : Instruction(std::move(facts)),
        activation_(activation),
        x_(x),
        y_(y),
        kernels_(KernelsOf<T>(isa)) {}

  Status Run(const Frame& frame) const override {
    const size_t items = Items(frame);
    T* const scratch = static_cast<T*>(frame.scratch);
    if (x_.stride == x_.size) {
      ActivateRows(kernels_, activation_, {items, x_.size}, x_.In<T>(frame),
                   y_.In<T>(frame), scratch);
      return Status();
    }
    for (size_t item = 0; item < items; ++item) {
      ActivateRows(kernels_, activation_, {1, x_.size}, x_.Item<T>(frame, item),
                   y_.Item<T>(frame, item), scratch);
    }
    return Status();
  }

 private:
  const ActivationSpec activation_;
  const Operand x_;
  const Operand y_;
  const ModelKernels<T> kernels_;
};

Status MakeActivation(const UnarySpec& spec, const ActivationSpec& activation,
                      const MakingContext& context, MadeInstruction* made) {
  Operands operands("unary", spec.repeat, context.tensors);
  const Operand x = operands.ReadAny("x", spec.x, kFloats);
  const Operand y = operands.Write("y", spec.y, Only(x.type), x.size);
  operands.MayReplace(x);
  operands.Round(spec.rounding);
  operands.NoteWork(20.0 * static_cast<double>(x.size));
  if (!operands.ok()) return operands.status();
  return WithFloat(x.type, [&](auto zero) {
    using T = decltype(zero);
    operands.NeedScratch(ActivationScratch(activation, x.size) * sizeof(T));
    return FinishInstruction<Activate<T>>(&operands, made, activation, x, y,
                                          context.isa);
  });
}

Status MakeEntry(const UnarySpec& spec, const Entry& entry,
                 const MakingContext& context, MadeInstruction* made) {
  Operands operands("unary", spec.repeat, context.tensors);
  const ElementType kBool = ElementType::kBool;
  const ElementTypes types = entry.kind == Kind::kNot      ? Only(kBool)
                             : entry.kind == Kind::kSigned ? kNumbers
                                                           : kFloats;
  const Operand x = operands.ReadAny("x", spec.x, types);
  const bool tests = entry.kind == Kind::kTest;
  const Operand y =
      operands.Write("y", spec.y, Only(tests ? kBool : x.type), x.size);
  if (!tests) operands.MayReplace(x);
  operands.Round(spec.rounding);
  operands.NoteWork(20.0 * static_cast<double>(x.size));
  if (entry.kind == Kind::kNot) {
    return FinishInstruction<Elementwise<uint8_t, uint8_t>>(
        &operands, made, x, y, Each<uint8_t, uint8_t, Not>);
  }
  const bool single = x.type == ElementType::kFloat32;
  if (tests && single) {
    return FinishInstruction<Elementwise<float, uint8_t>>(&operands, made, x, y,
                                                          entry.test_f32);
  }
  if (tests) {
    return FinishInstruction<Elementwise<double, uint8_t>>(&operands, made, x,
                                                           y, entry.test_f64);
  }
  if (x.type == ElementType::kInt32) {
    return FinishInstruction<Elementwise<int32_t, int32_t>>(&operands, made, x,
                                                            y, entry.i32);
  }
  if (single) {
    return FinishInstruction<Elementwise<float, float>>(&operands, made, x, y,
                                                        entry.f32);
  }
  return FinishInstruction<Elementwise<double, double>>(&operands, made, x, y,
                                                        entry.f64);
}

}  // namespace

Status MakeInstruction(const UnarySpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  if (spec.function == "exp") {
    ActivationSpec exponential;
    exponential.kind = Activation::kExponential;
    return MakeActivation(spec, exponential, context, made);
  }
  if (const Entry* const entry = FindFunction(kEntries, spec.function)) {
    return MakeEntry(spec, *entry, context, made);
  }
  ActivationSpec activation;
  const Status status = FindActivation(spec.function, spec.parameters.data(),
                                       spec.parameters.size(), &activation);
  if (!status.ok()) return status;
  if (activation.kind == Activation::kCustom) {
    return Status(StatusCode::kUnsupported,
                  "Expected a function of Keras's for `fn` of the native "
                  "instruction `unary` but received a custom activation.");
  }
  return MakeActivation(spec, activation, context, made);
}

std::vector<const char*> UnaryNames() { return FunctionNames(kEntries); }

}  // namespace cudnn_gru
