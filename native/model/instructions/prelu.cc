#include "model/instructions/prelu.h"

namespace cudnn_gru {
namespace {

template <typename T>
class Prelu : public Instruction {
 public:
  Prelu(InstructionFacts facts, const Operand& x, const Operand& y,
        const Operand& alpha)
      : Instruction(std::move(facts)), x_(x), y_(y), alpha_(alpha) {}

  Status Run(const Frame& frame) const override {
    const T* const alpha = alpha_.In<T>(frame);
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const T* x = x_.Item<T>(frame, item);
      T* y = y_.Item<T>(frame, item);
      for (size_t at = 0; at < x_.size; at += alpha_.size) {
        for (size_t i = 0; i < alpha_.size; ++i) {
          // A NaN is not greater than 0, and stays one.
          y[at + i] = x[at + i] > T(0) ? x[at + i] : alpha[i] * x[at + i];
        }
      }
    }
    return Status();
  }

 private:
  const Operand x_;
  const Operand y_;
  const Operand alpha_;
};

}  // namespace

Status MakeInstruction(const PreluSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("prelu", spec.repeat, context.tensors);
  const Operand x = operands.ReadAny("x", spec.x, kFloats);
  const Operand y = operands.Write("y", spec.y, Only(x.type), x.size);
  const Operand alpha = operands.ConstantAny("alpha", spec.alpha, Only(x.type));
  operands.Require(alpha.size > 0 && x.size % alpha.size == 0, "alpha",
                   "a size that divides the item's");
  operands.MayReplace(x);
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(x.size));
  return WithFloat(x.type, [&](auto zero) {
    return FinishInstruction<Prelu<decltype(zero)>>(&operands, made, x, y,
                                                    alpha);
  });
}

}  // namespace cudnn_gru
