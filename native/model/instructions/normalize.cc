#include "model/instructions/normalize.h"

#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

template <typename T>
class Normalize : public Instruction {
 public:
  Normalize(InstructionFacts facts, const NormalizeSpec& spec, const Operand& x,
            const Operand& y, const CpuIsa& isa)
      : Instruction(std::move(facts)),
        spec_(spec),
        x_(x),
        y_(y),
        normalize_(KernelsOf<T>(isa).matrix.normalize) {}

  Status Run(const Frame& frame) const override {
    NormalizeArguments<T> line = {};
    line.n = spec_.size;
    line.epsilon = spec_.epsilon;
    line.centered = spec_.kind == NormalizeKind::kLayer;
    line.scaled = spec_.kind != NormalizeKind::kUnit;
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      line.x = x_.Item<T>(frame, item);
      line.y = y_.Item<T>(frame, item);
      for (size_t group = 0; group < spec_.groups; ++group) {
        normalize_(line);
        line.x += spec_.size;
        line.y += spec_.size;
      }
    }
    return Status();
  }

 private:
  const NormalizeSpec spec_;
  const Operand x_;
  const Operand y_;
  void (*const normalize_)(const NormalizeArguments<T>& arguments);
};

}  // namespace

Status MakeInstruction(const NormalizeSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("normalize", spec.repeat, context.tensors);
  const size_t size = operands.Product("size", {spec.groups, spec.size});
  const Operand x = operands.Read("x", spec.x, kFloats, size);
  const Operand y = operands.Write("y", spec.y, Only(x.type), size);
  operands.MayReplace(x);
  operands.Round(spec.rounding);
  operands.NoteWork(6.0 * static_cast<double>(size));
  return WithFloat(x.type, [&](auto zero) {
    return FinishInstruction<Normalize<decltype(zero)>>(&operands, made, spec,
                                                        x, y, context.isa);
  });
}

}  // namespace cudnn_gru
