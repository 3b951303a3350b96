#ifndef CUDNN_GRU_MODEL_PROGRAM_H_
#define CUDNN_GRU_MODEL_PROGRAM_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "core/gru_backend.h"
#include "core/status.h"
#include "cpu/dispatch/dispatch.h"
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
  bool divisible() const { return divisible_; }

  // The bytes of scratch memory that a row takes while it is computed.
  size_t row_bytes() const { return row_bytes_; }

  // The bytes of memory that the program holds for constants, apart from those
  // that others share with it at this moment.
  size_t bytes() const;

  // The elements of a row of an input or an output, and its port.
  struct Port {
    PortSpec spec;
    ElementType type;
    size_t size;
  };
  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }

 private:
  class Builder;
  struct Tile;

  // Where the elements of a tensor are during a run.
  enum class Place { kNowhere, kArena, kInput, kOutput, kConstant };
  struct Tensor {
    ElementType type = ElementType::kFloat32;
    size_t size = 0;
    Place place = Place::kNowhere;
    size_t at = 0;  // the offset in the arena, or the number of the port
    const void* constant = nullptr;
  };

  Program() = default;
  // The bytes of memory that a tile of `rows` rows needs.
  size_t TileBytes(size_t rows) const;
  Status RunTile(const ProgramCall& call, const Tile& tile) const;
  Status CheckRows(size_t rows) const;

  std::vector<Tensor> tensors_;
  std::vector<std::shared_ptr<const ConstantData>> constants_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  std::vector<size_t> copied_inputs_;   // numbers of ports
  std::vector<size_t> copied_outputs_;  // numbers of ports
  std::vector<MadeInstruction> instructions_;
  bool divisible_ = true;
  size_t row_bytes_ = 0;      // of the arena
  size_t scratch_bytes_ = 0;  // the most that an instruction needs
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_PROGRAM_H_
