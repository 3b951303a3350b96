#include "model/instructions/matmul.h"

#include <algorithm>

#include "model/strided.h"

namespace cudnn_gru {
namespace {

template <typename T>
class Matmul : public Instruction {
 public:
  Matmul(InstructionFacts facts, const MatmulSpec& spec, Walk walk,
         const Operand& a, const Operand& b, const Operand& y)
      : Instruction(std::move(facts)),
        spec_(spec),
        walk_(std::move(walk)),
        a_(a),
        b_(b),
        y_(y) {}

  Status Run(const Frame& frame) const override {
    const size_t items = Items(frame);
    const size_t length = walk_.shape.back();
    for (size_t item = 0; item < items; ++item) {
      const T* const a = a_.Item<T>(frame, item);
      const T* const b = b_.Item<T>(frame, item);
      T* y = y_.Item<T>(frame, item);
      ForEachLine(walk_, [&](const int64_t* offsets) {
        for (size_t i = 0; i < length; ++i) {
          const int64_t at = static_cast<int64_t>(i);
          Multiply(a + offsets[0] + at * walk_.strides[0].back(),
                   b + offsets[1] + at * walk_.strides[1].back(), y);
          y += spec_.m * spec_.n;
        }
      });
    }
    return Status();
  }

 private:
  void Multiply(const T* a, const T* b, T* y) const {
    const size_t m = spec_.m;
    const size_t k = spec_.k;
    const size_t n = spec_.n;
    const T scale = static_cast<T>(spec_.scale);
    for (size_t i = 0; i < m; ++i, y += n) {
      std::fill_n(y, n, T(0));
      for (size_t l = 0; l < k; ++l) {
        const T factor = spec_.transpose_a ? a[l * m + i] : a[i * k + l];
        if (spec_.transpose_b) {
          for (size_t j = 0; j < n; ++j) y[j] += factor * b[j * k + l];
        } else {
          for (size_t j = 0; j < n; ++j) y[j] += factor * b[l * n + j];
        }
      }
      for (size_t j = 0; j < n; ++j) y[j] *= scale;
    }
  }

  const MatmulSpec spec_;
  const Walk walk_;
  const Operand a_;
  const Operand b_;
  const Operand y_;
};

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
  Walk walk = Simplify({spec.batch, {spec.a_strides, spec.b_strides}});
  operands.Require(walk.shape.size() <= kMaxRank, "batch",
                   "at most 8 dimensions");
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(size) *
                    static_cast<double>(spec.k));
  return WithFloat(a.type, [&](auto zero) {
    return FinishInstruction<Matmul<decltype(zero)>>(&operands, made, spec,
                                                     std::move(walk), a, b, y);
  });
}

}  // namespace cudnn_gru
