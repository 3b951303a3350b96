#include "model/instructions/depthwise.h"

#include <algorithm>

#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

template <typename T>
class Depthwise : public Instruction {
 public:
  struct Tensors {
    Operand x;
    Operand y;
    Operand weights;
    Operand bias;  // of the size 0 where there is none
  };

  Depthwise(InstructionFacts facts, const DepthwiseSpec& spec,
            const Tensors& tensors, const CpuIsa& isa)
      : Instruction(std::move(facts)),
        spec_(spec),
        tensors_(tensors),
        kernels_(KernelsOf<T>(isa)) {}

  Status Run(const Frame& frame) const override {
    const WindowSpec& windows = spec_.windows;
    const size_t columns = windows.output[2];
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const T* const x = tensors_.x.template Item<T>(frame, item);
      T* const y = tensors_.y.template Item<T>(frame, item);
      for (size_t i = 0; i < windows.output[0]; ++i) {
        T* const line = y + i * windows.output[1] * columns;
        for (size_t j = 0; j < windows.output[1]; ++j) {
          ComputePosition(frame, x, i, j, line + j * columns);
        }
        ActivateRows(kernels_, spec_.activation, {windows.output[1], columns},
                     line, line, static_cast<T*>(frame.scratch));
      }
    }
    return Status();
  }

 private:
  void ComputePosition(const Frame& frame, const T* x, size_t row,
                       size_t column, T* y) const {
    const WindowSpec& windows = spec_.windows;
    const size_t channels = windows.input[2];
    const size_t columns = windows.output[2];
    if (tensors_.bias.size == 0) {
      std::fill_n(y, columns, T(0));
    } else {
      std::copy_n(tensors_.bias.template In<T>(frame), columns, y);
    }
    const T* weights = tensors_.weights.template In<T>(frame);
    for (size_t i = 0; i < windows.kernel[0]; ++i) {
      const int64_t at_row = InputPosition(windows, 0, row, i);
      for (size_t j = 0; j < windows.kernel[1]; ++j, weights += columns) {
        const int64_t at_column = InputPosition(windows, 1, column, j);
        if (!Exists(windows, 0, at_row) || !Exists(windows, 1, at_column)) {
          continue;
        }
        const size_t at = static_cast<size_t>(at_row) * windows.input[1] +
                          static_cast<size_t>(at_column);
        Add(x + at * channels, weights, channels, y);
      }
    }
  }

  void Add(const T* x, const T* weights, size_t channels, T* y) const {
    const size_t multiplier = spec_.windows.output[2] / channels;
    if (multiplier == 1) {
      for (size_t c = 0; c < channels; ++c) y[c] += x[c] * weights[c];
      return;
    }
    for (size_t c = 0; c < channels; ++c) {
      for (size_t m = 0; m < multiplier; ++m) {
        y[c * multiplier + m] += x[c] * weights[c * multiplier + m];
      }
    }
  }

  const DepthwiseSpec spec_;
  const Tensors tensors_;
  const ModelKernels<T> kernels_;
};

}  // namespace

Status MakeInstruction(const DepthwiseSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("depthwise", spec.repeat, context.tensors);
  const WindowSpec& windows = spec.windows;
  CheckWindows(windows, &operands);
  operands.Require(
      windows.input[2] >= 1 && windows.output[2] % windows.input[2] == 0,
      "outputShape", "a multiple of the input's channels");
  const size_t input = operands.Product(
      "inputShape", {windows.input[0], windows.input[1], windows.input[2]});
  const size_t output = operands.Product(
      "outputShape", {windows.output[0], windows.output[1], windows.output[2]});
  const size_t weights = operands.Product(
      "kernel", {windows.kernel[0], windows.kernel[1], windows.output[2]});
  const Operand x = operands.Read("x", spec.x, kFloats, input);
  const ElementTypes types = Only(x.type);
  const Operand y = operands.Write("y", spec.y, types, output);
  const Operand kernel =
      operands.Constant("weights", spec.weights, types, weights);
  Operand bias;
  if (spec.bias.has_value()) {
    bias = operands.Constant("bias", *spec.bias, types, windows.output[2]);
  }
  operands.Round(spec.rounding);
  if (!operands.ok()) return operands.status();
  operands.NoteWork(2.0 * static_cast<double>(output) *
                    static_cast<double>(windows.kernel[0]) *
                    static_cast<double>(windows.kernel[1]));
  return WithFloat(x.type, [&](auto zero) {
    using T = decltype(zero);
    operands.NeedScratch(ActivationScratch(spec.activation, windows.output[2]) *
                         sizeof(T));
    return FinishInstruction<Depthwise<T>>(
        &operands, made, spec,
        typename Depthwise<T>::Tensors{x, y, kernel, bias}, context.isa);
  });
}

}  // namespace cudnn_gru
