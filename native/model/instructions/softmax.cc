#include "model/instructions/softmax.h"

#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

template <typename T>
class Softmax : public Instruction {
 public:
  Softmax(InstructionFacts facts, const SoftmaxSpec& spec, const Operand& x,
          const Operand& y, const CpuIsa& isa)
      : Instruction(std::move(facts)),
        spec_(spec),
        x_(x),
        y_(y),
        kernels_(KernelsOf<T>(isa).matrix) {}

  Status Run(const Frame& frame) const override {
    if (spec_.axis == 0) return Status();
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const T* x = x_.Item<T>(frame, item);
      T* y = y_.Item<T>(frame, item);
      for (size_t outer = 0; outer < spec_.outer; ++outer) {
        for (size_t inner = 0; inner < spec_.inner; ++inner) {
          ComputeLine(x + inner, y + inner, static_cast<T*>(frame.scratch));
        }
        x += spec_.axis * spec_.inner;
        y += spec_.axis * spec_.inner;
      }
    }
    return Status();
  }

 private:
  // `scratch` has two lines.
  void ComputeLine(const T* x, T* y, T* scratch) const {
    const size_t n = spec_.axis;
    const size_t step = spec_.inner;
    if (step == 1) {
      Compute(x, y, scratch);
      return;
    }
    T* const line = scratch + n;
    for (size_t i = 0; i < n; ++i) line[i] = x[i * step];
    Compute(line, line, scratch);
    for (size_t i = 0; i < n; ++i) y[i * step] = line[i];
  }

  void Compute(const T* x, T* y, T* scratch) const {
    if (spec_.kind == SoftmaxKind::kSoftmax) {
      kernels_.softmax(x, y, scratch, spec_.axis);
    } else {
      kernels_.log_softmax(x, y, spec_.axis);
    }
  }

  const SoftmaxSpec spec_;
  const Operand x_;
  const Operand y_;
  const MatrixKernels<T> kernels_;
};

}  // namespace

Status MakeInstruction(const SoftmaxSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("softmax", spec.repeat, context.tensors);
  const size_t size =
      operands.Product("axis", {spec.outer, spec.axis, spec.inner});
  const Operand x = operands.Read("x", spec.x, kFloats, size);
  const Operand y = operands.Write("y", spec.y, Only(x.type), size);
  operands.MayReplace(x);
  operands.Round(spec.rounding);
  operands.NoteWork(30.0 * static_cast<double>(size));
  if (!operands.ok()) return operands.status();
  return WithFloat(x.type, [&](auto zero) {
    using T = decltype(zero);
    // The axis may be long where another dimension is 0.
    operands.NeedScratch(size == 0 ? 0 : 2 * spec.axis * sizeof(T));
    return FinishInstruction<Softmax<T>>(&operands, made, spec, x, y,
                                         context.isa);
  });
}

}  // namespace cudnn_gru
