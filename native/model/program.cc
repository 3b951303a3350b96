#include "model/program.h"

#include <new>
#include <utility>

#include "core/tensor_size.h"
#include "model/program_run.h"

namespace cudnn_gru {
namespace {

// Checks that the sizes of all rows fit.
Status CheckRows(const ProgramParts& parts, size_t rows) {
  size_t elements = 0;
  bool fits = MultiplySizes(rows, parts.row_bytes, &elements);
  for (const PlacedTensor& tensor : parts.tensors) {
    fits = fits && MultiplySizes(rows, tensor.size, &elements);
  }
  return fits ? Status() : TensorTooLarge("rows");
}

}  // namespace

Status Program::Create(const ProgramSpec& spec, const CpuIsa& isa,
                       std::shared_ptr<const Program>* program) {
  ProgramParts parts;
  const Status status = BuildProgram(spec, isa, &parts);
  if (!status.ok()) return status;
  program->reset(new (std::nothrow) Program(std::move(parts)));
  return *program == nullptr ? OutOfMemory(sizeof(Program), "a native program")
                             : Status();
}

Status Program::Run(const ProgramCall& call,
                    const ComputeOptions& options) const {
  if (options.cancellation != nullptr && options.cancellation->requested()) {
    return Aborted();
  }
  const Status status = CheckRows(parts_, call.rows);
  if (!status.ok() || call.rows == 0) return status;
  return RunProgram(parts_, call, options);
}

size_t Program::bytes() const {
  size_t bytes = 0;
  for (const auto& constant : parts_.constants) {
    if (constant.use_count() == 1) bytes += constant->bytes();
  }
  return bytes;
}

}  // namespace cudnn_gru
