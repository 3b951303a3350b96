#include "model/instructions/dense.h"

#include <algorithm>

#include "core/workspace.h"
#include "model/divided_instruction.h"
#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

// The items of one part.
constexpr size_t kChunk = 64;

template <typename T>
struct Scratch {
  const T** rows;
  T** results;
  T* activation;

  void Take(const DenseSpec& spec, BumpAllocator& allocator) {
    rows = allocator.Take<const T*>(kChunk);
    results = allocator.Take<T*>(kChunk);
    activation = allocator.Take<T>(
        ActivationScratch(spec.activation, spec.matrix->columns()));
  }
};

template <typename T>
class Dense : public DividedInstruction {
 public:
  Dense(InstructionFacts facts, const DenseSpec& spec, const Operand& x,
        const Operand& y, const CpuIsa& isa)
      : DividedInstruction(std::move(facts)),
        spec_(spec),
        x_(x),
        y_(y),
        kernels_(KernelsOf<T>(isa)) {}

 protected:
  size_t Parts(const Frame& frame) const override {
    return (Items(frame) + kChunk - 1) / kChunk;
  }

  void RunPart(const Frame& frame, size_t part) const override {
    const size_t columns = spec_.matrix->columns();
    const size_t first = part * kChunk;
    const size_t count = std::min(kChunk, Items(frame) - first);
    BumpAllocator allocator(frame.scratch);
    Scratch<T> scratch;
    scratch.Take(spec_, allocator);
    T* const y = y_.Item<T>(frame, first);
    for (size_t i = 0; i < count; ++i) {
      scratch.rows[i] = x_.Item<T>(frame, first + i);
      scratch.results[i] = y + i * columns;
    }
    spec_.matrix->Multiply(scratch.rows, count, scratch.results);
    ActivateRows(kernels_, spec_.activation, {count, columns}, y, y,
                 scratch.activation);
  }

 private:
  const DenseSpec spec_;
  const Operand x_;
  const Operand y_;
  const ModelKernels<T> kernels_;
};

template <typename T>
size_t ScratchBytes(const DenseSpec& spec) {
  BumpAllocator measure(nullptr);
  Scratch<T>().Take(spec, measure);
  return measure.used();
}

}  // namespace

Status MakeInstruction(const DenseSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("dense", spec.repeat, context.tensors);
  operands.Require(spec.matrix != nullptr, "matrix", "a matrix");
  if (!operands.ok()) return operands.status();
  const PackedMatrix& matrix = *spec.matrix;
  const ElementType type = matrix.dtype() == Dtype::kFloat32
                               ? ElementType::kFloat32
                               : ElementType::kFloat64;
  const Operand x = operands.Read("x", spec.x, Only(type), matrix.depth());
  const Operand y = operands.Write("y", spec.y, Only(type), matrix.columns());
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(matrix.depth()) *
                    static_cast<double>(matrix.columns()));
  return WithFloat(type, [&](auto zero) {
    using T = decltype(zero);
    operands.NeedScratch(ScratchBytes<T>(spec));
    return FinishInstruction<Dense<T>>(&operands, made, spec, x, y,
                                       context.isa);
  });
}

}  // namespace cudnn_gru
