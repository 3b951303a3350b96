#include "model/instructions/pool.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

template <typename T>
class Pool : public Instruction {
 public:
  Pool(InstructionFacts facts, const PoolSpec& spec, const Operand& x,
       const Operand& y)
      : Instruction(std::move(facts)), spec_(spec), x_(x), y_(y) {}

  Status Run(const Frame& frame) const override {
    const WindowSpec& windows = spec_.windows;
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const T* const x = x_.Item<T>(frame, item);
      T* y = y_.Item<T>(frame, item);
      for (size_t i = 0; i < windows.output[0]; ++i) {
        for (size_t j = 0; j < windows.output[1]; ++j) {
          ComputePosition(x, i, j, y);
          y += windows.output[2];
        }
      }
    }
    return Status();
  }

 private:
  // The positions of a window that exist in one dimension.
  struct Range {
    size_t begin;
    size_t end;
  };

  Range RangeOf(size_t dimension, size_t output) const {
    const WindowSpec& windows = spec_.windows;
    const int64_t begin = InputPosition(windows, dimension, output, 0);
    const int64_t end = begin + static_cast<int64_t>(windows.kernel[dimension]);
    return {static_cast<size_t>(std::max<int64_t>(begin, 0)),
            static_cast<size_t>(
                std::min(end, static_cast<int64_t>(windows.input[dimension])))};
  }

  void ComputePosition(const T* x, size_t row, size_t column, T* y) const {
    const size_t channels = spec_.windows.input[2];
    const Range rows = RangeOf(0, row);
    const Range columns = RangeOf(1, column);
    bool first = true;
    for (size_t i = rows.begin; i < rows.end; ++i) {
      for (size_t j = columns.begin; j < columns.end; ++j) {
        const T* const from = x + (i * spec_.windows.input[1] + j) * channels;
        if (first) {
          std::copy_n(from, channels, y);
        } else if (spec_.kind == PoolKind::kMax) {
          for (size_t c = 0; c < channels; ++c) {
            y[c] = from[c] > y[c] ? from[c] : y[c];
          }
        } else {
          for (size_t c = 0; c < channels; ++c) y[c] += from[c];
        }
        first = false;
      }
    }
    if (spec_.kind == PoolKind::kMax) return;
    const T count =
        static_cast<T>((rows.end - rows.begin) * (columns.end - columns.begin));
    for (size_t c = 0; c < channels; ++c) y[c] /= count;
  }

  const PoolSpec spec_;
  const Operand x_;
  const Operand y_;
};

// Checks that every window has a position that exists. The first window must
// reach beyond the padding, and the last one must begin within the input.
void CheckNoWindowIsEmpty(const WindowSpec& windows, Operands* operands) {
  if (!operands->ok()) return;
  for (size_t i = 0; i < 2; ++i) {
    if (windows.output[i] == 0) continue;
    const int64_t last = InputPosition(windows, i, windows.output[i] - 1, 0);
    operands->Require(windows.pad[i] < windows.kernel[i] &&
                          last < static_cast<int64_t>(windows.input[i]),
                      "window",
                      "windows that all have an element of the input");
  }
}

}  // namespace

Status MakeInstruction(const PoolSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("pool", spec.repeat, context.tensors);
  const WindowSpec& windows = spec.windows;
  CheckWindows(windows, &operands);
  operands.Require(windows.dilation[0] == 1 && windows.dilation[1] == 1,
                   "window", "a window without dilation");
  operands.Require(windows.input[2] == windows.output[2], "outputShape",
                   "the input's channels");
  CheckNoWindowIsEmpty(windows, &operands);
  const size_t input = operands.Product(
      "inputShape", {windows.input[0], windows.input[1], windows.input[2]});
  const size_t output = operands.Product(
      "outputShape", {windows.output[0], windows.output[1], windows.output[2]});
  const Operand x = operands.Read("x", spec.x, kFloats, input);
  const Operand y = operands.Write("y", spec.y, Only(x.type), output);
  operands.Round(spec.rounding);
  operands.NoteWork(static_cast<double>(output) *
                    static_cast<double>(windows.kernel[0]) *
                    static_cast<double>(windows.kernel[1]));
  return WithFloat(x.type, [&](auto zero) {
    return FinishInstruction<Pool<decltype(zero)>>(&operands, made, spec, x, y);
  });
}

}  // namespace cudnn_gru
