#include "model/instructions/binary.h"

#include "model/instructions/binary_functions.h"
#include "model/instructions/function_table.h"
#include "model/strided.h"

namespace cudnn_gru {
namespace {

enum class Kind { kArithmetic, kFloatArithmetic, kComparison, kLogical };

// Computes `n` elements of a line. y may be a or b where these have the stride
// 1.
using Line = void (*)(const void* a, int64_t a_stride, const void* b,
                      int64_t b_stride, void* y, size_t n);

template <class F, typename T, typename R>
void ComputeLine(const void* a_data, int64_t a_stride, const void* b_data,
                 int64_t b_stride, void* y_data, size_t n) {
  const T* const a = static_cast<const T*>(a_data);
  const T* const b = static_cast<const T*>(b_data);
  R* const y = static_cast<R*>(y_data);
  if (a_stride == 1 && b_stride == 1) {
    for (size_t i = 0; i < n; ++i) y[i] = F::Of(a[i], b[i]);
  } else if (a_stride == 1 && b_stride == 0) {
    const T value = *b;
    for (size_t i = 0; i < n; ++i) y[i] = F::Of(a[i], value);
  } else if (a_stride == 0 && b_stride == 1) {
    const T value = *a;
    for (size_t i = 0; i < n; ++i) y[i] = F::Of(value, b[i]);
  } else {
    for (size_t i = 0; i < n; ++i) {
      const int64_t at = static_cast<int64_t>(i);
      y[i] = F::Of(a[at * a_stride], b[at * b_stride]);
    }
  }
}

// Which operand comes first in the call of a function.
enum class Order { kAsGiven, kSwapped };

// A function with its loops, by element type.
struct Entry {
  const char* name;
  Kind kind;
  Order order;
  Line lines[kElementTypes];  // null where the type is not possible
};

template <class F>
constexpr Entry Arithmetic(const char* name) {
  return {name,
          Kind::kArithmetic,
          Order::kAsGiven,
          {ComputeLine<F, float, float>, ComputeLine<F, double, double>,
           ComputeLine<F, int32_t, int32_t>, nullptr}};
}

template <class F>
constexpr Entry FloatArithmetic(const char* name) {
  return {name,
          Kind::kFloatArithmetic,
          Order::kAsGiven,
          {ComputeLine<F, float, float>, ComputeLine<F, double, double>,
           nullptr, nullptr}};
}

template <class F>
constexpr Entry Comparison(const char* name, Order order = Order::kAsGiven) {
  return {name,
          Kind::kComparison,
          order,
          {ComputeLine<F, float, uint8_t>, ComputeLine<F, double, uint8_t>,
           ComputeLine<F, int32_t, uint8_t>, ComputeLine<F, uint8_t, uint8_t>}};
}

template <class F>
constexpr Entry Logical(const char* name) {
  return {name,
          Kind::kLogical,
          Order::kAsGiven,
          {nullptr, nullptr, nullptr, ComputeLine<F, uint8_t, uint8_t>}};
}

const Entry kEntries[] = {
    Arithmetic<Add>("add"),
    Arithmetic<Subtract>("subtract"),
    Arithmetic<Multiply>("multiply"),
    Arithmetic<Divide>("divide"),
    Arithmetic<FloorDivide>("floor_divide"),
    Arithmetic<Mod>("mod"),
    Arithmetic<Power>("power"),
    Arithmetic<Maximum>("maximum"),
    Arithmetic<Minimum>("minimum"),
    Arithmetic<SquaredDifference>("squared_difference"),
    FloatArithmetic<Arctan2>("arctan2"),
    Comparison<Equal>("equal"),
    Comparison<NotEqual>("not_equal"),
    Comparison<Less>("less"),
    Comparison<LessEqual>("less_equal"),
    Comparison<Less>("greater", Order::kSwapped),
    Comparison<LessEqual>("greater_equal", Order::kSwapped),
    Logical<LogicalAnd>("logical_and"),
    Logical<LogicalOr>("logical_or"),
    Logical<LogicalXor>("logical_xor"),
};

class Binary : public Instruction {
 public:
  Binary(InstructionFacts facts, Line line, Walk walk, const Operand& a,
         const Operand& b, const Operand& y)
      : Instruction(std::move(facts)),
        line_(line),
        walk_(std::move(walk)),
        a_(a),
        b_(b),
        y_(y) {}

  Status Run(const Frame& frame) const override {
    const size_t items = Items(frame);
    const size_t length = walk_.shape.back();
    const int64_t a_stride = walk_.strides[0].back();
    const int64_t b_stride = walk_.strides[1].back();
    const int64_t in = static_cast<int64_t>(ElementSize(a_.type));
    const int64_t out = static_cast<int64_t>(ElementSize(y_.type));
    const char* a = a_.In<const char>(frame);
    const char* b = b_.In<const char>(frame);
    char* y = y_.In<char>(frame);
    if (IsOneLine()) {
      line_(a, a_stride, b, b_stride, y, items * length);
      return Status();
    }
    for (size_t item = 0; item < items; ++item) {
      ForEachLine(walk_, [&](const int64_t* offsets) {
        line_(a + offsets[0] * in, a_stride, b + offsets[1] * in, b_stride,
              y + offsets[2] * out, length);
      });
      a += static_cast<int64_t>(a_.stride) * in;
      b += static_cast<int64_t>(b_.stride) * in;
      y += static_cast<int64_t>(y_.stride) * out;
    }
    return Status();
  }

 private:
  // Whether all items are one line without gaps.
  bool IsOneLine() const {
    const size_t length = walk_.shape.back();
    return walk_.shape.size() == 1 && walk_.strides[0][0] == 1 &&
           walk_.strides[1][0] == 1 && a_.stride == length &&
           b_.stride == length;
  }

  const Line line_;
  const Walk walk_;
  const Operand a_;
  const Operand b_;
  const Operand y_;
};

Status MakeEntry(const BinarySpec& spec, const Entry& entry,
                 const MakingContext& context, MadeInstruction* made) {
  Operands operands("binary", spec.repeat, context.tensors);
  const ElementTypes types = entry.kind == Kind::kArithmetic        ? kNumbers
                             : entry.kind == Kind::kFloatArithmetic ? kFloats
                             : entry.kind == Kind::kComparison
                                 ? kAllTypes
                                 : Only(ElementType::kBool);
  Operand a = operands.ReadAny("a", spec.a, types);
  Operand b = operands.ReadAny("b", spec.b, Only(a.type));
  const bool arithmetic =
      entry.kind == Kind::kArithmetic || entry.kind == Kind::kFloatArithmetic;
  const Operand y = operands.Write(
      "y", spec.y, Only(arithmetic ? a.type : ElementType::kBool),
      operands.Product("shape", spec.shape));
  operands.RequireWithin("aStrides", spec.shape, spec.a_strides, 0, a.size);
  operands.RequireWithin("bStrides", spec.shape, spec.b_strides, 0, b.size);
  if (!operands.ok()) return operands.status();
  operands.MayReplaceWalked(spec.shape, y,
                            {{a, spec.a_strides}, {b, spec.b_strides}});
  Walk walk{spec.shape,
            {spec.a_strides, spec.b_strides, ContiguousStrides(spec.shape)}};
  if (entry.order == Order::kSwapped) {
    std::swap(a, b);
    std::swap(walk.strides[0], walk.strides[1]);
  }
  walk = Simplify(walk);
  operands.Require(walk.shape.size() <= kMaxRank, "shape",
                   "at most 8 dimensions");
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(y.size));
  return FinishInstruction<Binary>(&operands, made,
                                   entry.lines[static_cast<int>(a.type)],
                                   std::move(walk), a, b, y);
}

}  // namespace

Status MakeInstruction(const BinarySpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  const Entry* const entry = FindFunction(kEntries, spec.function);
  return entry == nullptr ? NoFunction("binary", spec.function)
                          : MakeEntry(spec, *entry, context, made);
}

std::vector<const char*> BinaryNames() { return FunctionNames(kEntries); }

}  // namespace cudnn_gru
