#ifndef CUDNN_GRU_MODEL_INSTRUCTION_H_
#define CUDNN_GRU_MODEL_INSTRUCTION_H_

#include <cstddef>
#include <vector>

#include "core/gru_backend.h"
#include "core/gru_description.h"
#include "core/status.h"
#include "model/element_type.h"

namespace cudnn_gru {

// The number of a tensor of a program.
using TensorId = size_t;

// The rows that one thread computes at a time, and their memory.
struct Frame {
  // For each tensor, the elements of the first row. A constant has no rows.
  void* const* data;
  size_t rows;
  // The number of the first row in the call, for messages.
  size_t first_row;
  // As many bytes as Instruction::ScratchBytes returns, aligned to a cache
  // line.
  void* scratch;
  ComputeOptions options;
};

// A tensor as an instruction uses it.
struct Operand {
  TensorId tensor = 0;
  ElementType type = ElementType::kFloat32;
  size_t size = 0;    // the elements of one item
  size_t stride = 0;  // elements from one item to the next; 0 for a constant

  // The elements of the first item of the frame.
  template <typename T>
  T* In(const Frame& frame) const {
    return static_cast<T*>(frame.data[tensor]);
  }
  // The elements of an item.
  template <typename T>
  T* Item(const Frame& frame, size_t item) const {
    return In<T>(frame) + item * stride;
  }
};

// Everything that the program must know about an instruction.
struct InstructionFacts {
  const char* name = "";
  size_t repeat = 1;  // items a row
  // No tensor is in both lists.
  std::vector<TensorId> reads;
  std::vector<TensorId> writes;
  // Tensors that are read, and whose memory the one result may take if nothing
  // reads them afterwards.
  std::vector<TensorId> replaceable;
  // The 16-bit type that all float32 results are rounded to.
  StateRounding rounding = StateRounding::kNone;
  // The scratch memory of a thread, in bytes.
  size_t scratch_bytes = 0;
  // Floating-point operations a row, roughly.
  double work = 0;
  // Whether the instruction itself divides its work among the threads of
  // Frame::options.
  bool uses_threads = false;
  // Whether the instruction must see all rows of a call at once.
  bool needs_all_rows = false;
};

// One step of a program, checked and ready to run. Objects do not change, and
// may run on several threads at a time.
class Instruction {
 public:
  explicit Instruction(InstructionFacts facts) : facts_(std::move(facts)) {}
  virtual ~Instruction() = default;
  Instruction(const Instruction&) = delete;
  Instruction& operator=(const Instruction&) = delete;

  const InstructionFacts& facts() const { return facts_; }
  size_t Items(const Frame& frame) const { return frame.rows * facts_.repeat; }

  // Whether the instruction makes more of `threads` threads than if each of
  // them computed rows of its own.
  virtual bool NeedsThreads(size_t /*rows*/, int /*threads*/) const {
    return false;
  }

  // Computes the rows of `frame`. Fails when the values of a tensor make it
  // impossible, and after a cancellation.
  virtual Status Run(const Frame& frame) const = 0;

 private:
  const InstructionFacts facts_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTION_H_
