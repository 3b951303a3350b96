#ifndef CUDNN_GRU_MODEL_PROGRAM_H_
#define CUDNN_GRU_MODEL_PROGRAM_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/gru_backend.h"
#include "core/status.h"
#include "cpu/dispatch/dispatch.h"
#include "model/program_parts.h"
#include "model/program_spec.h"

namespace cudnn_gru {

// One call of a program. The arrays have `rows` times the elements of a row of
// their tensors, in the order of the program's ports. An output may not overlap
// any other array.
struct ProgramCall {
  size_t rows = 0;
  const void* const* inputs = nullptr;
  void* const* outputs = nullptr;
};

// A whole model for one set of shapes: instructions that compute rows. On the
// CPU path, the bits of a row depend neither on the other rows of the call nor
// on the threads. Objects do not change, and may run on several threads at a
// time.
class Program {
 public:
  // Checks everything that memory safety needs, and plans the memory. `isa` has
  // the kernels of the instructions. Fails with kArgument, kShape or kDtype
  // when the instructions do not fit the tensors; the message names the
  // instruction, its number and the field.
  static Status Create(const ProgramSpec& spec, const CpuIsa& isa,
                       std::shared_ptr<const Program>* program);

  // Computes a call. Returns kAborted after a cancellation, which it sees
  // between instructions and in GRUs, and the errors of instructions. Leaves
  // the outputs undefined after a failure.
  Status Run(const ProgramCall& call, const ComputeOptions& options) const;

  // Whether rows may be computed apart from each other.
  bool divisible() const { return parts_.divisible; }

  // The bytes of scratch memory that a row takes while it is computed.
  size_t row_bytes() const { return parts_.row_bytes; }

  // The bytes of memory that the program holds for constants, apart from those
  // that others share with it at this moment.
  size_t bytes() const;

  const std::vector<ProgramPort>& inputs() const { return parts_.inputs; }
  const std::vector<ProgramPort>& outputs() const { return parts_.outputs; }

 private:
  explicit Program(ProgramParts parts) : parts_(std::move(parts)) {}

  const ProgramParts parts_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_PROGRAM_H_
