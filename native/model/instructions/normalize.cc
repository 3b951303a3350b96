#include "model/instructions/normalize.h"

#include <algorithm>
#include <cmath>

namespace cudnn_gru {
namespace {

// Adds up term(0) to term(n - 1) in an order that depends on n alone. The
// compiler can use vectors for the chains.
template <class Term>
double Sum(size_t n, const Term& term) {
  constexpr size_t kChains = 8;
  double sums[kChains] = {};
  size_t i = 0;
  for (; i + kChains <= n; i += kChains) {
    for (size_t j = 0; j < kChains; ++j) sums[j] += term(i + j);
  }
  for (size_t j = 0; i < n; ++i, ++j) sums[j] += term(i);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
         ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

template <typename T>
class Normalize : public Instruction {
 public:
  Normalize(InstructionFacts facts, const NormalizeSpec& spec, const Operand& x,
            const Operand& y)
      : Instruction(std::move(facts)), spec_(spec), x_(x), y_(y) {}

  Status Run(const Frame& frame) const override {
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const T* x = x_.Item<T>(frame, item);
      T* y = y_.Item<T>(frame, item);
      for (size_t group = 0; group < spec_.groups; ++group) {
        ComputeGroup(x, y);
        x += spec_.size;
        y += spec_.size;
      }
    }
    return Status();
  }

 private:
  void ComputeGroup(const T* x, T* y) const {
    const size_t n = spec_.size;
    const double count = static_cast<double>(n);
    double mean = 0;
    if (spec_.kind == NormalizeKind::kLayer) {
      mean =
          Sum(n, [x](size_t i) { return static_cast<double>(x[i]); }) / count;
    }
    const double squares = Sum(n, [x, mean](size_t i) {
      const double distance = static_cast<double>(x[i]) - mean;
      return distance * distance;
    });
    double factor = 0;
    if (spec_.kind == NormalizeKind::kUnit) {
      factor = 1 / std::sqrt(squares);
      // Unlike std::min, keeps a NaN.
      if (factor > 1 / spec_.epsilon) factor = 1 / spec_.epsilon;
    } else {
      factor = 1 / std::sqrt(squares / count + spec_.epsilon);
    }
    for (size_t i = 0; i < n; ++i) {
      y[i] = static_cast<T>((static_cast<double>(x[i]) - mean) * factor);
    }
  }

  const NormalizeSpec spec_;
  const Operand x_;
  const Operand y_;
};

}  // namespace

Status MakeInstruction(const NormalizeSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("normalize", spec.repeat, context.tensors);
  const size_t size = operands.Product("size", {spec.groups, spec.size});
  const Operand x = operands.Read("x", spec.x, kFloats, size);
  const Operand y = operands.Write("y", spec.y, Only(x.type), size);
  operands.MayReplace(x);
  operands.Round(spec.rounding);
  operands.NoteWork(6.0 * static_cast<double>(size));
  return WithFloat(x.type, [&](auto zero) {
    return FinishInstruction<Normalize<decltype(zero)>>(&operands, made, spec,
                                                        x, y);
  });
}

}  // namespace cudnn_gru
