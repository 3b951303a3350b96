#include "model/instructions/convolution.h"

#include <algorithm>

#include "core/workspace.h"
#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

// The output positions of one product.
constexpr size_t kChunk = 32;

template <typename T>
struct Scratch {
  const T** rows;
  T** products;
  T* windows;
  T* product_data;
  T* activation;

  void Take(const ConvolutionSpec& spec, BumpAllocator& allocator) {
    const PackedMatrix& matrix = *spec.matrices[0];
    rows = allocator.Take<const T*>(kChunk);
    products = allocator.Take<T*>(kChunk);
    windows = allocator.Take<T>(kChunk * matrix.depth());
    product_data = allocator.Take<T>(kChunk * matrix.padded_columns());
    activation = allocator.Take<T>(
        ActivationScratch(spec.activation, spec.windows.output[2]));
  }
};

template <typename T>
class Convolution : public Instruction {
 public:
  Convolution(InstructionFacts facts, const ConvolutionSpec& spec,
              const Operand& x, const Operand& y, const CpuIsa& isa)
      : Instruction(std::move(facts)),
        spec_(spec),
        x_(x),
        y_(y),
        kernels_(KernelsOf<T>(isa)) {}

  Status Run(const Frame& frame) const override {
    const size_t positions = spec_.windows.output[0] * spec_.windows.output[1];
    const size_t items = Items(frame);
    BumpAllocator allocator(frame.scratch);
    Scratch<T> scratch;
    scratch.Take(spec_, allocator);
    for (size_t item = 0; item < items; ++item) {
      const T* const x = x_.Item<T>(frame, item);
      T* const y = y_.Item<T>(frame, item);
      for (size_t first = 0; first < positions; first += kChunk) {
        const size_t count = std::min(kChunk, positions - first);
        for (size_t group = 0; group < spec_.matrices.size(); ++group) {
          Multiply(scratch, x, group, first, count, y);
        }
        T* const results = y + first * spec_.windows.output[2];
        ActivateRows(kernels_, spec_.activation, results, results, count,
                     spec_.windows.output[2], scratch.activation);
      }
    }
    return Status();
  }

 private:
  // Computes `count` output positions of one group.
  void Multiply(const Scratch<T>& scratch, const T* x, size_t group,
                size_t first, size_t count, T* y) const {
    const PackedMatrix& matrix = *spec_.matrices[group];
    const size_t columns = matrix.columns();
    for (size_t i = 0; i < count; ++i) {
      T* const window = scratch.windows + i * matrix.depth();
      Gather(x, group, first + i, window);
      scratch.rows[i] = window;
      scratch.products[i] = scratch.product_data + i * matrix.padded_columns();
    }
    matrix.Multiply(scratch.rows, count, scratch.products);
    for (size_t i = 0; i < count; ++i) {
      std::copy_n(scratch.products[i], columns,
                  y + (first + i) * spec_.windows.output[2] + group * columns);
    }
  }

  // Copies the window of one output position.
  void Gather(const T* x, size_t group, size_t position, T* window) const {
    const WindowSpec& windows = spec_.windows;
    const size_t channels = windows.input[2] / spec_.matrices.size();
    const size_t row = position / windows.output[1];
    const size_t column = position % windows.output[1];
    for (size_t i = 0; i < windows.kernel[0]; ++i) {
      const int64_t at_row = InputPosition(windows, 0, row, i);
      for (size_t j = 0; j < windows.kernel[1]; ++j, window += channels) {
        const int64_t at_column = InputPosition(windows, 1, column, j);
        if (!Exists(windows, 0, at_row) || !Exists(windows, 1, at_column)) {
          std::fill_n(window, channels, T(0));
          continue;
        }
        const size_t at = static_cast<size_t>(at_row) * windows.input[1] +
                          static_cast<size_t>(at_column);
        std::copy_n(x + at * windows.input[2] + group * channels, channels,
                    window);
      }
    }
  }

  const ConvolutionSpec spec_;
  const Operand x_;
  const Operand y_;
  const ModelKernels<T> kernels_;
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
