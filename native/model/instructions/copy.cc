#include "model/instructions/copy.h"

#include <algorithm>

#include "model/convert.h"
#include "model/strided.h"

namespace cudnn_gru {
namespace {

template <typename T>
void CopyLine(const T* x, int64_t x_stride, T* y, int64_t y_stride, size_t n) {
  if (x_stride == 1 && y_stride == 1) {
    std::copy_n(x, n, y);
    return;
  }
  for (size_t i = 0; i < n; ++i) {
    const int64_t at = static_cast<int64_t>(i);
    y[at * y_stride] = x[at * x_stride];
  }
}

template <typename T>
class Copy : public Instruction {
 public:
  Copy(InstructionFacts facts, const CopySpec& spec, Walk walk,
       const Operand& x, const Operand& y)
      : Instruction(std::move(facts)),
        walk_(std::move(walk)),
        x_offset_(spec.x_offset),
        y_offset_(spec.y_offset),
        x_(x),
        y_(y) {}

  Status Run(const Frame& frame) const override {
    // The offsets of a shape without elements may lie anywhere.
    if (walk_.shape.back() == 0) return Status();
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const T* const x = x_.Item<T>(frame, item) + x_offset_;
      T* const y = y_.Item<T>(frame, item) + y_offset_;
      ForEachLine(walk_, [&](const int64_t* offsets) {
        CopyLine(x + offsets[0], walk_.strides[0].back(), y + offsets[1],
                 walk_.strides[1].back(), walk_.shape.back());
      });
    }
    return Status();
  }

 private:
  const Walk walk_;
  const int64_t x_offset_;
  const int64_t y_offset_;
  const Operand x_;
  const Operand y_;
};

template <typename T>
class Fill : public Instruction {
 public:
  Fill(InstructionFacts facts, const Operand& y, T value)
      : Instruction(std::move(facts)), y_(y), value_(value) {}

  Status Run(const Frame& frame) const override {
    std::fill_n(y_.In<T>(frame), Items(frame) * y_.size, value_);
    return Status();
  }

 private:
  const Operand y_;
  const T value_;
};

}  // namespace

Status MakeInstruction(const CopySpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("copy", spec.repeat, context.tensors);
  const Operand x = operands.ReadAny("x", spec.x, kAllTypes);
  const Operand y = operands.WriteAny("y", spec.y, Only(x.type));
  const size_t size = operands.Product("shape", spec.shape);
  operands.RequireWithin("xStrides", spec.shape, spec.x_strides, spec.x_offset,
                         x.size);
  operands.RequireWithin("yStrides", spec.shape, spec.y_strides, spec.y_offset,
                         y.size);
  operands.Require(size <= y.size, "shape", "no more elements than `y` has");
  if (!operands.ok()) return operands.status();
  Walk walk = Simplify({spec.shape, {spec.x_strides, spec.y_strides}});
  operands.Require(walk.shape.size() <= kMaxRank, "shape",
                   "at most 8 dimensions");
  operands.NoteWork(static_cast<double>(size));
  return WithElement(x.type, [&](auto zero) {
    return FinishInstruction<Copy<decltype(zero)>>(&operands, made, spec,
                                                   std::move(walk), x, y);
  });
}

Status MakeInstruction(const FillSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("fill", spec.repeat, context.tensors);
  const Operand y = operands.WriteAny("y", spec.y, kAllTypes);
  operands.NoteWork(static_cast<double>(y.size));
  return WithElement(y.type, [&](auto zero) {
    using T = decltype(zero);
    return FinishInstruction<Fill<T>>(&operands, made, y,
                                      Convert<T>(spec.value));
  });
}

}  // namespace cudnn_gru
