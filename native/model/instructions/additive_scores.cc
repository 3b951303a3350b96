#include "model/instructions/additive_scores.h"

#include <algorithm>

#include "model/model_kernels.h"

namespace cudnn_gru {
namespace {

// The values whose scores are computed together.
constexpr size_t kTogether = 8;

template <typename T>
class AdditiveScores : public Instruction {
 public:
  struct Tensors {
    Operand q;
    Operand v;
    Operand scale;
    Operand y;
  };

  AdditiveScores(InstructionFacts facts, const AdditiveScoresSpec& spec,
                 const Tensors& tensors, const CpuIsa& isa)
      : Instruction(std::move(facts)),
        spec_(spec),
        tensors_(tensors),
        kernels_(KernelsOf<T>(isa)) {}

  Status Run(const Frame& frame) const override {
    const T* const scale = spec_.scale.has_value()
                               ? tensors_.scale.template In<T>(frame)
                               : nullptr;
    T* const sums = static_cast<T*>(frame.scratch);
    const size_t items = Items(frame);
    for (size_t item = 0; item < items; ++item) {
      const T* q = tensors_.q.template Item<T>(frame, item);
      T* y = tensors_.y.template Item<T>(frame, item);
      for (size_t i = 0; i < spec_.queries; ++i, q += spec_.depth) {
        const T* const v = tensors_.v.template Item<T>(frame, item);
        for (size_t j = 0; j < spec_.values; j += kTogether) {
          const size_t count = std::min(kTogether, spec_.values - j);
          Score(q, v + j * spec_.depth, count, scale, sums, y);
          y += count;
        }
      }
    }
    return Status();
  }

 private:
  // Computes the scores of one query and `count` values.
  void Score(const T* q, const T* v, size_t count, const T* scale, T* sums,
             T* y) const {
    constexpr ActivationSpec kTanh = {Activation::kTanh, {0.0, 0.0, 0.0}};
    const size_t n = spec_.depth;
    for (size_t j = 0; j < count; ++j) {
      for (size_t d = 0; d < n; ++d) sums[j * n + d] = q[d] + v[j * n + d];
    }
    kernels_.activate(kTanh, sums, sums, count * n);
    for (size_t j = 0; j < count; ++j) {
      if (scale == nullptr) {
        T score = 0;
        for (size_t d = 0; d < n; ++d) score += sums[j * n + d];
        y[j] = score;
      } else {
        const T* const row = sums + j * n;
        T* const out = y + j;
        kernels_.matrix.dot({1, n, 1, &row, scale, nullptr, &out});
      }
    }
  }

  const AdditiveScoresSpec spec_;
  const Tensors tensors_;
  const ModelKernels<T> kernels_;
};

}  // namespace

Status MakeInstruction(const AdditiveScoresSpec& spec,
                       const MakingContext& context, MadeInstruction* made) {
  Operands operands("additive_scores", spec.repeat, context.tensors);
  const Operand q = operands.Read(
      "q", spec.q, kFloats, operands.Product("q", {spec.queries, spec.depth}));
  const ElementTypes types = Only(q.type);
  const Operand v = operands.Read(
      "v", spec.v, types, operands.Product("v", {spec.values, spec.depth}));
  Operand scale;
  if (spec.scale.has_value()) {
    scale = operands.Constant("scale", *spec.scale, types, spec.depth);
  }
  const size_t size = operands.Product("y", {spec.queries, spec.values});
  const Operand y = operands.Write("y", spec.y, types, size);
  operands.Round(spec.rounding);
  operands.NoteWork(20.0 * static_cast<double>(size) *
                    static_cast<double>(spec.depth));
  if (!operands.ok()) return operands.status();
  return WithFloat(q.type, [&](auto zero) {
    using T = decltype(zero);
    operands.NeedScratch(size == 0 ? 0 : kTogether * spec.depth * sizeof(T));
    return FinishInstruction<AdditiveScores<T>>(
        &operands, made, spec,
        typename AdditiveScores<T>::Tensors{q, v, scale, y}, context.isa);
  });
}

}  // namespace cudnn_gru
