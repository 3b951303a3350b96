#include "model/instructions/cast.h"

#include <cstring>

#include "model/convert.h"

namespace cudnn_gru {
namespace {

template <typename From, typename To>
class Cast : public Instruction {
 public:
  Cast(InstructionFacts facts, const Operand& x, const Operand& y)
      : Instruction(std::move(facts)), x_(x), y_(y) {}

  Status Run(const Frame& frame) const override {
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const From* const x = x_.Item<From>(frame, item);
      To* const y = y_.Item<To>(frame, item);
      for (size_t i = 0; i < x_.size; ++i) y[i] = Convert<To>(x[i]);
    }
    return Status();
  }

 private:
  const Operand x_;
  const Operand y_;
};

}  // namespace

Status MakeInstruction(const CastSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("cast", spec.repeat, context.tensors);
  const Operand x = operands.ReadAny("x", spec.x, kAllTypes);
  const Operand y = operands.Write("y", spec.y, kAllTypes, x.size);
  if (x.type == y.type) operands.MayReplace(x);
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(x.size));
  return WithElement(x.type, [&](auto from) {
    return WithElement(y.type, [&](auto to) {
      return FinishInstruction<Cast<decltype(from), decltype(to)>>(&operands,
                                                                   made, x, y);
    });
  });
}

}  // namespace cudnn_gru
