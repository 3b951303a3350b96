#include "model/instructions/embedding.h"

#include <cstring>

namespace cudnn_gru {
namespace {

class Embedding : public Instruction {
 public:
  Embedding(InstructionFacts facts, const EmbeddingSpec& spec, const Operand& x,
            const Operand& y, const Operand& table)
      : Instruction(std::move(facts)),
        spec_(spec),
        x_(x),
        y_(y),
        table_(table) {}

  Status Run(const Frame& frame) const override {
    const size_t bytes = spec_.units * ElementSize(y_.type);
    const char* const table = table_.In<const char>(frame);
    char* y = y_.In<char>(frame);
    const size_t items = Items(frame);
    const int64_t vocabulary = static_cast<int64_t>(spec_.vocabulary);
    for (size_t item = 0; item < items; ++item) {
      // Hazard: the array may be the caller's, so the index is read once.
      const int32_t given = *static_cast<const volatile int32_t*>(
          x_.Item<const int32_t>(frame, item));
      const int64_t index = given < 0 ? given + vocabulary : given;
      if (index < 0 || index >= vocabulary) {
        return WrongIndex(given, frame.first_row, item);
      }
      if (bytes > 0) {
        std::memcpy(y, table + static_cast<size_t>(index) * bytes, bytes);
      }
      y += bytes;
    }
    return Status();
  }

 private:
  Status WrongIndex(int32_t index, size_t first_row, size_t item) const {
    return Status(
        StatusCode::kArgument,
        "Expected indices from -" + std::to_string(spec_.vocabulary) + " to " +
            std::to_string(static_cast<int64_t>(spec_.vocabulary) - 1) +
            " for " + spec_.label + " but received " + std::to_string(index) +
            " at row " + std::to_string(first_row + item / facts().repeat) +
            ", position " + std::to_string(item % facts().repeat) + ".");
  }

  const EmbeddingSpec spec_;
  const Operand x_;
  const Operand y_;
  const Operand table_;
};

}  // namespace

Status MakeInstruction(const EmbeddingSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("embedding", spec.repeat, context.tensors);
  const size_t size = operands.Product("table", {spec.vocabulary, spec.units});
  const Operand x = operands.Read("x", spec.x, Only(ElementType::kInt32), 1);
  const Operand y = operands.Write("y", spec.y, kAllTypes, spec.units);
  const Operand table =
      operands.Constant("table", spec.table, Only(y.type), size);
  operands.NoteWork(static_cast<double>(spec.units));
  return FinishInstruction<Embedding>(&operands, made, spec, x, y, table);
}

}  // namespace cudnn_gru
