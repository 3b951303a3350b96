#ifndef CUDNN_GRU_MODEL_DIVIDED_INSTRUCTION_H_
#define CUDNN_GRU_MODEL_DIVIDED_INSTRUCTION_H_

#include <cstddef>
#include <utility>

#include "core/status.h"
#include "model/instruction.h"

namespace cudnn_gru {

// Fewer floating-point operations than this end before other threads have woken
// up.
constexpr double kMinParallelWork = 4e6;

// An instruction whose work has parts that do not depend on each other. Several
// threads compute them when the frame allows that and it is worth it.
class DividedInstruction : public Instruction {
 public:
  explicit DividedInstruction(InstructionFacts facts)
      : Instruction(Divided(std::move(facts))) {}

  // Returns kAborted when a cancellation comes between two parts, and
  // kOutOfMemory.
  Status Run(const Frame& frame) const final;

 protected:
  // The number of parts of the rows of a frame.
  virtual size_t Parts(const Frame& frame) const = 0;
  // Computes one part. The scratch memory of `frame` belongs to this thread.
  virtual void RunPart(const Frame& frame, size_t part) const = 0;

 private:
  static InstructionFacts Divided(InstructionFacts facts) {
    facts.uses_threads = true;
    return facts;
  }
  Status RunOnThreads(const Frame& frame, size_t parts, int threads) const;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_DIVIDED_INSTRUCTION_H_
