#ifndef CUDNN_GRU_MODEL_OPERANDS_H_
#define CUDNN_GRU_MODEL_OPERANDS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "core/gru_description.h"
#include "core/status.h"
#include "model/element_type.h"
#include "model/instruction.h"

namespace cudnn_gru {

// A tensor of a program.
struct TensorSpec {
  ElementType type = ElementType::kFloat32;
  size_t size = 0;  // the elements of a row; of a constant, all elements
};

// The knowledge about a tensor while the instructions of a program are checked
// one after the other.
struct TensorState {
  TensorSpec spec;
  bool constant = false;
  bool input = false;
  bool written = false;  // by an instruction before
};

// Checks the operands of one instruction against the program's tensors, and
// collects the facts about it. After the first failure all further checks do
// nothing, so that an instruction asks for `status` once, at the end. Messages
// name the instruction and the field.
class Operands {
 public:
  // `tensors` must live as long as this object.
  Operands(const char* name, size_t repeat, std::vector<TensorState>* tensors);

  // Returns the operand `field`, a tensor of one of `types` with `size`
  // elements an item. A tensor that is read must be a constant, an input, or
  // written by an instruction before.
  Operand Read(const char* field, TensorId id, ElementTypes types, size_t size);
  // Returns an operand whose items may have any size.
  Operand ReadAny(const char* field, TensorId id, ElementTypes types);
  // Does what Read does for an operand whose rows lie one after the other,
  // which those of a constant do not.
  Operand ReadRows(const char* field, TensorId id, ElementTypes types,
                   size_t size);
  // The same for tensors that the instruction writes, which may be neither
  // inputs nor constants.
  Operand Write(const char* field, TensorId id, ElementTypes types,
                size_t size);
  Operand WriteAny(const char* field, TensorId id, ElementTypes types);
  // Returns an operand that must be a constant of `size` elements.
  Operand Constant(const char* field, TensorId id, ElementTypes types,
                   size_t size);

  // Returns a constant of any size.
  Operand ConstantAny(const char* field, TensorId id, ElementTypes types);

  // Fails with kShape unless there is a stride for each dimension, and every
  // index of `shape` lies within an item of `size` elements.
  void RequireWithin(const char* field, const std::vector<size_t>& shape,
                     const std::vector<int64_t>& strides, int64_t offset,
                     size_t size);

  // Allows the result to take the memory of `operand`, if that is no constant.
  void MayReplace(const Operand& operand);
  // An operand and the strides by which an instruction reads it.
  struct Walked {
    const Operand& operand;
    const std::vector<int64_t>& strides;
  };
  // Allows the result, which is contiguous of `shape`, to take the memory of
  // those operands that are read in the order in which it is written.
  void MayReplaceWalked(const std::vector<size_t>& shape, const Operand& result,
                        std::initializer_list<Walked> walked);
  // Asks for the results to be rounded to a 16-bit type.
  void Round(StateRounding rounding);

  // Fails with kShape unless `condition` holds: "Expected <expected> for
  // `<field>` of the instruction `<name>`."
  void Require(bool condition, const char* field, const std::string& expected);
  // Multiplies sizes. Fails with kShape where the product is too large.
  size_t Product(const char* field, const std::vector<size_t>& sizes);

  // Notes the memory and the work of the instruction.
  void NeedScratch(size_t bytes) { facts_.scratch_bytes = bytes; }
  void NoteWork(double operations_per_item) {
    facts_.work = operations_per_item * static_cast<double>(facts_.repeat);
  }
  InstructionFacts* facts() { return &facts_; }

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

 private:
  Operand Find(const char* field, TensorId id, ElementTypes types,
               bool constant);
  void Fail(StatusCode code, const char* field, const std::string& expected,
            const std::string& received);
  void CheckSize(const char* field, const Operand& operand, size_t size);

  InstructionFacts facts_;
  std::vector<TensorState>* const tensors_;
  Status status_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_OPERANDS_H_
