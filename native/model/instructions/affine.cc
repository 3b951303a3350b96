#include "model/instructions/affine.h"

namespace cudnn_gru {
namespace {

template <typename T>
class Affine : public Instruction {
 public:
  struct Tensors {
    Operand x;
    Operand y;
    Operand scale;
    Operand offset;
  };

  Affine(InstructionFacts facts, const AffineSpec& spec, const Tensors& tensors)
      : Instruction(std::move(facts)), spec_(spec), tensors_(tensors) {}

  Status Run(const Frame& frame) const override {
    const T* const scale = spec_.scale.has_value()
                               ? tensors_.scale.template In<T>(frame)
                               : nullptr;
    const T* const offset = spec_.offset.has_value()
                                ? tensors_.offset.template In<T>(frame)
                                : nullptr;
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const T* x = tensors_.x.template Item<T>(frame, item);
      T* y = tensors_.y.template Item<T>(frame, item);
      for (size_t outer = 0; outer < spec_.outer; ++outer) {
        if (spec_.inner == 1) {
          ComputeChannels(scale, offset, x, y);
        } else {
          ComputeLines(scale, offset, x, y);
        }
        x += spec_.channels * spec_.inner;
        y += spec_.channels * spec_.inner;
      }
    }
    return Status();
  }

 private:
  // Computes one element of every channel.
  void ComputeChannels(const T* scale, const T* offset, const T* x,
                       T* y) const {
    const size_t n = spec_.channels;
    if (scale != nullptr && offset != nullptr) {
      for (size_t c = 0; c < n; ++c) y[c] = x[c] * scale[c] + offset[c];
    } else if (scale != nullptr) {
      for (size_t c = 0; c < n; ++c) y[c] = x[c] * scale[c];
    } else if (offset != nullptr) {
      for (size_t c = 0; c < n; ++c) y[c] = x[c] + offset[c];
    } else {
      for (size_t c = 0; c < n; ++c) y[c] = x[c];
    }
  }

  // Computes `inner` elements of every channel.
  void ComputeLines(const T* scale, const T* offset, const T* x, T* y) const {
    for (size_t c = 0; c < spec_.channels; ++c) {
      const T factor = scale == nullptr ? T(1) : scale[c];
      const T start = offset == nullptr ? T(0) : offset[c];
      const bool adds = offset != nullptr;
      for (size_t i = 0; i < spec_.inner; ++i) {
        const T product = x[i] * factor;
        y[i] = adds ? product + start : product;
      }
      x += spec_.inner;
      y += spec_.inner;
    }
  }

  const AffineSpec spec_;
  const Tensors tensors_;
};

}  // namespace

Status MakeInstruction(const AffineSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("affine", spec.repeat, context.tensors);
  const size_t size =
      operands.Product("channels", {spec.outer, spec.channels, spec.inner});
  const Operand x = operands.Read("x", spec.x, kFloats, size);
  const ElementTypes types = Only(x.type);
  const Operand y = operands.Write("y", spec.y, types, size);
  Operand scale;
  Operand offset;
  if (spec.scale.has_value()) {
    scale = operands.Constant("scale", *spec.scale, types, spec.channels);
  }
  if (spec.offset.has_value()) {
    offset = operands.Constant("offset", *spec.offset, types, spec.channels);
  }
  operands.MayReplace(x);
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(size));
  return WithFloat(x.type, [&](auto zero) {
    using T = decltype(zero);
    return FinishInstruction<Affine<T>>(
        &operands, made, spec,
        typename Affine<T>::Tensors{x, y, scale, offset});
  });
}

}  // namespace cudnn_gru
