#include "model/instructions/dense.h"

#include <algorithm>

#include "core/workspace.h"
#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

// The rows of one product. Their results stay in the cache until they are
// written to y.
constexpr size_t kChunk = 32;

template <typename T>
struct Scratch {
  const T** rows;
  T** products;
  T* product_data;
  T* activation;

  void Take(const DenseSpec& spec, BumpAllocator& allocator) {
    rows = allocator.Take<const T*>(kChunk);
    products = allocator.Take<T*>(kChunk);
    product_data = allocator.Take<T>(kChunk * spec.matrix->padded_columns());
    activation = allocator.Take<T>(
        ActivationScratch(spec.activation, spec.matrix->columns()));
  }
};

template <typename T>
class Dense : public Instruction {
 public:
  Dense(InstructionFacts facts, const DenseSpec& spec, const Operand& x,
        const Operand& y, const CpuIsa& isa)
      : Instruction(std::move(facts)),
        spec_(spec),
        x_(x),
        y_(y),
        kernels_(KernelsOf<T>(isa)) {}

  Status Run(const Frame& frame) const override {
    const size_t columns = spec_.matrix->columns();
    const size_t padded = spec_.matrix->padded_columns();
    const size_t items = Items(frame);
    BumpAllocator allocator(frame.scratch);
    Scratch<T> scratch;
    scratch.Take(spec_, allocator);
    for (size_t first = 0; first < items; first += kChunk) {
      const size_t count = std::min(kChunk, items - first);
      T* const y = y_.Item<T>(frame, first);
      for (size_t i = 0; i < count; ++i) {
        scratch.rows[i] = x_.Item<T>(frame, first + i);
        scratch.products[i] = scratch.product_data + i * padded;
      }
      spec_.matrix->Multiply(scratch.rows, count, scratch.products);
      for (size_t i = 0; i < count; ++i) {
        std::copy_n(scratch.products[i], columns, y + i * columns);
      }
      ActivateRows(kernels_, spec_.activation, y, y, count, columns,
                   scratch.activation);
    }
    return Status();
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
                    static_cast<double>(matrix.padded_columns()));
  return WithFloat(type, [&](auto zero) {
    using T = decltype(zero);
    operands.NeedScratch(ScratchBytes<T>(spec));
    return FinishInstruction<Dense<T>>(&operands, made, spec, x, y,
                                       context.isa);
  });
}

}  // namespace cudnn_gru
