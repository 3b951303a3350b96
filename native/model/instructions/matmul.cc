#include "model/instructions/matmul.h"

#include <algorithm>
#include <array>

#include "core/workspace.h"
#include "model/divided_instruction.h"
#include "model/model_kernels.h"
#include "model/strided.h"

namespace cudnn_gru {
namespace {

// A matrix b is packed for the kernels if at least so many rows are multiplied
// by it.
constexpr size_t kMinPackedRows = 4;

// The memory for the product of two matrices.
template <typename T>
struct Scratch {
  const T** rows;
  T** results;
  T* packed_b;
  T* transposed_a;

  void Take(const MatmulSpec& spec, const ModelKernels<T>& kernels,
            BumpAllocator& allocator) {
    rows = allocator.Take<const T*>(spec.m);
    results = allocator.Take<T*>(spec.m);
    packed_b = allocator.Take<T>(
        spec.m < kMinPackedRows ? 0 : PaddedColumns(kernels, spec.n) * spec.k);
    transposed_a = allocator.Take<T>(spec.transpose_a ? spec.m * spec.k : 0);
  }
};

template <typename T>
class Matmul : public DividedInstruction {
 public:
  Matmul(InstructionFacts facts, const MatmulSpec& spec, Walk walk,
         const std::array<Operand, 3>& operands, const CpuIsa& isa)
      : DividedInstruction(std::move(facts)),
        spec_(spec),
        walk_(std::move(walk)),
        a_(operands[0]),
        b_(operands[1]),
        y_(operands[2]),
        kernels_(KernelsOf<T>(isa)) {
    if (spec_.m == 0 || spec_.n == 0) batch_ = 0;
    for (const size_t size : walk_.shape) batch_ *= size;
  }

 protected:
  size_t Parts(const Frame& frame) const override {
    return Items(frame) * batch_;
  }

  void RunPart(const Frame& frame, size_t part) const override {
    const size_t item = part / batch_;
    const size_t index = part % batch_;
    const T* const a = a_.Item<T>(frame, item) + OffsetOf(0, index);
    const T* const b = b_.Item<T>(frame, item) + OffsetOf(1, index);
    T* const y = y_.Item<T>(frame, item) + index * spec_.m * spec_.n;
    BumpAllocator allocator(frame.scratch);
    Scratch<T> scratch;
    scratch.Take(spec_, kernels_, allocator);
    const T* const rows = RowsOf(a, scratch.transposed_a);
    if (spec_.m < kMinPackedRows) {
      MultiplyUnpacked(rows, b, y);
    } else {
      MultiplyPacked(rows, b, scratch, y);
    }
    if (spec_.scale == 1) return;
    const T scale = static_cast<T>(spec_.scale);
    for (size_t i = 0; i < spec_.m * spec_.n; ++i) y[i] *= scale;
  }

 private:
  int64_t OffsetOf(size_t operand, size_t index) const {
    int64_t offset = 0;
    for (size_t i = walk_.shape.size(); i-- > 0;) {
      offset += static_cast<int64_t>(index % walk_.shape[i]) *
                walk_.strides[operand][i];
      index /= walk_.shape[i];
    }
    return offset;
  }

  // Returns the matrix a as (m, k).
  const T* RowsOf(const T* a, T* transposed) const {
    if (!spec_.transpose_a) return a;
    for (size_t i = 0; i < spec_.m; ++i) {
      for (size_t l = 0; l < spec_.k; ++l) {
        transposed[i * spec_.k + l] = a[l * spec_.m + i];
      }
    }
    return transposed;
  }

  void MultiplyPacked(const T* a, const T* b, const Scratch<T>& scratch,
                      T* y) const {
    const MatrixView<T> view = {b, spec_.transpose_b ? 1 : spec_.n,
                                spec_.transpose_b ? spec_.k : 1};
    PackPanels(kernels_, view, spec_.k, spec_.n, scratch.packed_b);
    for (size_t i = 0; i < spec_.m; ++i) {
      scratch.rows[i] = a + i * spec_.k;
      scratch.results[i] = y + i * spec_.n;
    }
    kernels_.matrix.multiply({spec_.m, spec_.k, spec_.n, scratch.rows,
                              scratch.packed_b, nullptr, scratch.results});
  }

  void MultiplyUnpacked(const T* a, const T* b, T* y) const {
    const size_t k = spec_.k;
    const size_t n = spec_.n;
    for (size_t i = 0; i < spec_.m; ++i, a += k, y += n) {
      if (spec_.transpose_b) {
        kernels_.matrix.dot({1, k, n, &a, b, nullptr, &y});
        continue;
      }
      std::fill_n(y, n, T(0));
      for (size_t l = 0; l < k; ++l) {
        for (size_t j = 0; j < n; ++j) y[j] += a[l] * b[l * n + j];
      }
    }
  }

  const MatmulSpec spec_;
  const Walk walk_;
  const Operand a_;
  const Operand b_;
  const Operand y_;
  const ModelKernels<T> kernels_;
  size_t batch_ = 1;
};

template <typename T>
size_t ScratchBytes(const MatmulSpec& spec, const CpuIsa& isa) {
  BumpAllocator measure(nullptr);
  Scratch<T>().Take(spec, KernelsOf<T>(isa), measure);
  return measure.used();
}

// Requires the matrices of an operand, (rows, columns) at every index of the
// batch, to lie within its items.
void RequireMatrices(const MatmulSpec& spec, const char* field,
                     const std::vector<int64_t>& strides, size_t rows,
                     const Operand& operand, Operands* operands) {
  operands->Require(strides.size() == spec.batch.size(), field,
                    "one stride for each dimension");
  const size_t size = operands->Product("k", {rows, spec.k});
  // A matrix without elements has no place.
  std::vector<size_t> shape = spec.batch;
  std::vector<int64_t> all = strides;
  shape.push_back(size);
  all.push_back(1);
  operands->RequireWithin(field, shape, all, 0, operand.size);
}

}  // namespace

Status MakeInstruction(const MatmulSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("matmul", spec.repeat, context.tensors);
  const Operand a = operands.ReadAny("a", spec.a, kFloats);
  const Operand b = operands.ReadAny("b", spec.b, Only(a.type));
  std::vector<size_t> shape = spec.batch;
  shape.push_back(spec.m);
  shape.push_back(spec.n);
  const size_t size = operands.Product("batch", shape);
  const Operand y = operands.Write("y", spec.y, Only(a.type), size);
  RequireMatrices(spec, "aStrides", spec.a_strides, spec.m, a, &operands);
  RequireMatrices(spec, "bStrides", spec.b_strides, spec.n, b, &operands);
  operands.Product("m", {spec.m, spec.n});
  if (!operands.ok()) return operands.status();
  Walk walk = Simplify({spec.batch,
                        {StridesRead(spec.a_strides, spec.m * spec.k),
                         StridesRead(spec.b_strides, spec.n * spec.k)}});
  operands.Require(walk.shape.size() <= kMaxRank, "batch",
                   "at most 8 dimensions");
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(size) *
                    static_cast<double>(spec.k));
  return WithFloat(a.type, [&](auto zero) {
    using T = decltype(zero);
    // Without results there may be dimensions of any size.
    operands.NeedScratch(size == 0 ? 0 : ScratchBytes<T>(spec, context.isa));
    return FinishInstruction<Matmul<T>>(&operands, made, spec, std::move(walk),
                                        std::array<Operand, 3>{a, b, y},
                                        context.isa);
  });
}

}  // namespace cudnn_gru
