#include "model/instructions/select.h"

#include "model/strided.h"

namespace cudnn_gru {
namespace {

template <typename T>
class Select : public Instruction {
 public:
  struct Tensors {
    Operand condition;
    Operand a;
    Operand b;
    Operand y;
  };

  Select(InstructionFacts facts, Walk walk, const Tensors& tensors)
      : Instruction(std::move(facts)),
        walk_(std::move(walk)),
        tensors_(tensors) {}

  Status Run(const Frame& frame) const override {
    const size_t items = Items(frame);
    const size_t length = walk_.shape.back();
    const int64_t strides[3] = {walk_.strides[0].back(),
                                walk_.strides[1].back(),
                                walk_.strides[2].back()};
    for (size_t item = 0; item < items; ++item) {
      const uint8_t* const condition =
          tensors_.condition.template Item<uint8_t>(frame, item);
      const T* const a = tensors_.a.template Item<T>(frame, item);
      const T* const b = tensors_.b.template Item<T>(frame, item);
      T* const y = tensors_.y.template Item<T>(frame, item);
      ForEachLine(walk_, [&](const int64_t* offsets) {
        for (size_t i = 0; i < length; ++i) {
          const int64_t at = static_cast<int64_t>(i);
          y[offsets[3] + at] = condition[offsets[0] + at * strides[0]] != 0
                                   ? a[offsets[1] + at * strides[1]]
                                   : b[offsets[2] + at * strides[2]];
        }
      });
    }
    return Status();
  }

 private:
  const Walk walk_;
  const Tensors tensors_;
};

}  // namespace

Status MakeInstruction(const SelectSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("select", spec.repeat, context.tensors);
  const Operand condition =
      operands.ReadAny("condition", spec.condition, Only(ElementType::kBool));
  const Operand a = operands.ReadAny("a", spec.a, kAllTypes);
  const Operand b = operands.ReadAny("b", spec.b, Only(a.type));
  const Operand y = operands.Write("y", spec.y, Only(a.type),
                                   operands.Product("shape", spec.shape));
  operands.RequireWithin("conditionStrides", spec.shape, spec.condition_strides,
                         0, condition.size);
  operands.RequireWithin("aStrides", spec.shape, spec.a_strides, 0, a.size);
  operands.RequireWithin("bStrides", spec.shape, spec.b_strides, 0, b.size);
  if (!operands.ok()) return operands.status();
  operands.MayReplaceWalked(spec.shape, y,
                            {{condition, spec.condition_strides},
                             {a, spec.a_strides},
                             {b, spec.b_strides}});
  Walk walk = Simplify({spec.shape,
                        {spec.condition_strides, spec.a_strides, spec.b_strides,
                         ContiguousStrides(spec.shape)}});
  operands.Require(walk.shape.size() <= kMaxRank, "shape",
                   "at most 8 dimensions");
  operands.NoteWork(2.0 * static_cast<double>(y.size));
  return WithElement(a.type, [&](auto zero) {
    using T = decltype(zero);
    return FinishInstruction<Select<T>>(
        &operands, made, std::move(walk),
        typename Select<T>::Tensors{condition, a, b, y});
  });
}

}  // namespace cudnn_gru
