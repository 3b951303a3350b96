#include "model/instructions/convolution.h"

#include <algorithm>

#include "core/workspace.h"
#include "model/divided_instruction.h"
#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

// The output positions of one part.
constexpr size_t kChunk = 32;

template <typename T>
struct Scratch {
  const T** rows;
  T** results;
  T* windows;
  T* activation;

  void Take(const ConvolutionSpec& spec, BumpAllocator& allocator) {
    rows = allocator.Take<const T*>(kChunk);
    results = allocator.Take<T*>(kChunk);
    windows = allocator.Take<T>(kChunk * spec.matrices[0]->depth());
    activation = allocator.Take<T>(
        ActivationScratch(spec.activation, spec.windows.output[2]));
  }
};

// Copies n elements. A loop is faster than a call where there are few.
template <typename T>
void CopyFew(const T* from, size_t n, T* to) {
  if (n > 16) {
    std::copy_n(from, n, to);
  } else {
    for (size_t i = 0; i < n; ++i) to[i] = from[i];
  }
}

template <typename T>
class Convolution : public DividedInstruction {
 public:
  Convolution(InstructionFacts facts, const ConvolutionSpec& spec,
              const Operand& x, const Operand& y, const CpuIsa& isa)
      : DividedInstruction(std::move(facts)),
        spec_(spec),
        x_(x),
        y_(y),
        kernels_(KernelsOf<T>(isa)),
        positions_(spec.windows.output[0] * spec.windows.output[1]),
        chunks_((positions_ + kChunk - 1) / kChunk),
        has_whole_lines_(
            spec.matrices.size() == 1 &&
            (spec.windows.kernel[1] == 1 || spec.windows.dilation[1] == 1)) {}

 protected:
  size_t Parts(const Frame& frame) const override {
    return Items(frame) * chunks_;
  }

  void RunPart(const Frame& frame, size_t part) const override {
    BumpAllocator allocator(frame.scratch);
    Scratch<T> scratch;
    scratch.Take(spec_, allocator);
    const T* const x = x_.Item<T>(frame, part / chunks_);
    const size_t first = part % chunks_ * kChunk;
    const size_t count = std::min(kChunk, positions_ - first);
    T* const y =
        y_.Item<T>(frame, part / chunks_) + first * spec_.windows.output[2];
    for (size_t group = 0; group < spec_.matrices.size(); ++group) {
      Multiply(scratch, x, group, first, count, y);
    }
    ActivateRows(kernels_, spec_.activation, {count, spec_.windows.output[2]},
                 y, y, scratch.activation);
  }

 private:
  // Computes `count` output positions of one group. `y` is the first one.
  void Multiply(const Scratch<T>& scratch, const T* x, size_t group,
                size_t first, size_t count, T* y) const {
    const PackedMatrix& matrix = *spec_.matrices[group];
    for (size_t i = 0; i < count; ++i) {
      scratch.results[i] =
          y + i * spec_.windows.output[2] + group * matrix.columns();
      scratch.rows[i] = WholeWindow(x, first + i);
      if (scratch.rows[i] != nullptr) continue;
      T* const window = scratch.windows + i * matrix.depth();
      Gather(x, group, first + i, window);
      scratch.rows[i] = window;
    }
    matrix.Multiply(scratch.rows, count, scratch.results);
  }

  // Returns the window of an output position if it lies in the input without
  // gaps, and null otherwise.
  const T* WholeWindow(const T* x, size_t position) const {
    const WindowSpec& windows = spec_.windows;
    if (!has_whole_lines_ || windows.kernel[0] > 1) return nullptr;
    const int64_t row =
        InputPosition(windows, 0, position / windows.output[1], 0);
    const size_t column = position % windows.output[1];
    const int64_t begin = InputPosition(windows, 1, column, 0);
    if (!Exists(windows, 0, row) || !Exists(windows, 1, begin) ||
        !Exists(windows, 1, LastColumn(column))) {
      return nullptr;
    }
    return x + (static_cast<size_t>(row) * windows.input[1] +
                static_cast<size_t>(begin)) *
                   windows.input[2];
  }

  // Copies the window of one output position.
  void Gather(const T* x, size_t group, size_t position, T* window) const {
    const WindowSpec& windows = spec_.windows;
    const size_t channels = windows.input[2] / spec_.matrices.size();
    const size_t row = position / windows.output[1];
    const size_t column = position % windows.output[1];
    const size_t width = windows.kernel[1] * channels;
    for (size_t i = 0; i < windows.kernel[0]; ++i, window += width) {
      const int64_t at_row = InputPosition(windows, 0, row, i);
      if (!Exists(windows, 0, at_row)) {
        std::fill_n(window, width, T(0));
        continue;
      }
      const T* const line =
          x + static_cast<size_t>(at_row) * windows.input[1] * windows.input[2];
      const int64_t begin = InputPosition(windows, 1, column, 0);
      if (has_whole_lines_ && Exists(windows, 1, begin) &&
          Exists(windows, 1, LastColumn(column))) {
        CopyFew(line + static_cast<size_t>(begin) * channels, width, window);
      } else {
        GatherLine(line + group * channels, column, channels, window);
      }
    }
  }

  // Copies the elements of a window that lie in one line of the input.
  void GatherLine(const T* line, size_t column, size_t channels,
                  T* window) const {
    const WindowSpec& windows = spec_.windows;
    for (size_t j = 0; j < windows.kernel[1]; ++j, window += channels) {
      const int64_t at = InputPosition(windows, 1, column, j);
      if (Exists(windows, 1, at)) {
        CopyFew(line + static_cast<size_t>(at) * windows.input[2], channels,
                window);
      } else {
        std::fill_n(window, channels, T(0));
      }
    }
  }

  int64_t LastColumn(size_t column) const {
    return InputPosition(spec_.windows, 1, column, spec_.windows.kernel[1] - 1);
  }

  const ConvolutionSpec spec_;
  const Operand x_;
  const Operand y_;
  const ModelKernels<T> kernels_;
  const size_t positions_;
  const size_t chunks_;  // of an item
  // Whether the elements of a window in one line of the input are contiguous.
  const bool has_whole_lines_;
};

template <typename T>
size_t ScratchBytes(const ConvolutionSpec& spec) {
  BumpAllocator measure(nullptr);
  Scratch<T>().Take(spec, measure);
  return measure.used();
}

void CheckMatrices(const ConvolutionSpec& spec, Operands* operands) {
  const size_t groups = spec.matrices.size();
  operands->Require(groups >= 1, "matrices", "a matrix for each group");
  operands->Require(spec.windows.input[2] >= 1, "inputShape",
                    "at least 1 channel");
  for (const auto& matrix : spec.matrices) {
    operands->Require(matrix != nullptr, "matrices", "matrices");
  }
  if (!operands->ok()) return;
  const WindowSpec& windows = spec.windows;
  const PackedMatrix& first = *spec.matrices[0];
  const size_t depth = operands->Product(
      "kernel",
      {windows.kernel[0], windows.kernel[1], windows.input[2] / groups});
  operands->Require(windows.input[2] % groups == 0, "matrices",
                    "a number of groups that divides the channels");
  operands->Require(windows.output[2] % groups == 0 &&
                        windows.output[2] / groups == first.columns(),
                    "outputShape",
                    "as many channels as the matrices have columns");
  for (const auto& matrix : spec.matrices) {
    operands->Require(matrix->depth() == depth &&
                          matrix->columns() == first.columns() &&
                          matrix->dtype() == first.dtype(),
                      "matrices", "matrices of the kernel's depth");
  }
}

}  // namespace

Status MakeInstruction(const ConvolutionSpec& spec,
                       const MakingContext& context, MadeInstruction* made) {
  Operands operands(spec.name, spec.repeat, context.tensors);
  const WindowSpec& windows = spec.windows;
  CheckWindows(windows, &operands);
  CheckMatrices(spec, &operands);
  if (!operands.ok()) return operands.status();
  const PackedMatrix& matrix = *spec.matrices[0];
  const ElementType type = matrix.dtype() == Dtype::kFloat32
                               ? ElementType::kFloat32
                               : ElementType::kFloat64;
  const size_t input = operands.Product(
      "inputShape", {windows.input[0], windows.input[1], windows.input[2]});
  const size_t output = operands.Product(
      "outputShape", {windows.output[0], windows.output[1], windows.output[2]});
  const Operand x = operands.Read("x", spec.x, Only(type), input);
  const Operand y = operands.Write("y", spec.y, Only(type), output);
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(output) *
                    static_cast<double>(matrix.depth()));
  return WithFloat(type, [&](auto zero) {
    using T = decltype(zero);
    operands.NeedScratch(ScratchBytes<T>(spec));
    return FinishInstruction<Convolution<T>>(&operands, made, spec, x, y,
                                             context.isa);
  });
}

}  // namespace cudnn_gru
