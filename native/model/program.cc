#include "model/program.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "core/half.h"
#include "core/tensor_size.h"
#include "core/workspace.h"
#include "model/arena_plan.h"

namespace cudnn_gru {
namespace {

Status Wrong(const std::string& expected, const std::string& received) {
  return Status(StatusCode::kArgument,
                "Expected " + expected + " of a native program but received " +
                    received + ".");
}

}  // namespace

// Makes one program.
class Program::Builder {
 public:
  Builder(const ProgramSpec& spec, const CpuIsa& isa, Program* program)
      : spec_(spec), isa_(isa), program_(program) {}

  Status Build() {
    Status status = AddTensors();
    if (status.ok()) status = AddConstants();
    if (status.ok()) status = AddInputs();
    if (status.ok()) status = AddInstructions();
    if (status.ok()) status = AddOutputs();
    return status.ok() ? Plan() : status;
  }

 private:
  // The last instructions' numbers are those of the ports.
  static constexpr size_t kNever = SIZE_MAX;

  Status AddTensors() {
    for (const TensorSpec& tensor : spec_.tensors) {
      size_t size = 0;
      if (!MultiplySizes(tensor.size, 1, &size)) {
        return TensorTooLarge("tensors");
      }
      states_.push_back({tensor, false, false, false});
      Tensor added;
      added.type = tensor.type;
      added.size = tensor.size;
      program_->tensors_.push_back(added);
    }
    blocks_.resize(states_.size());
    return Status();
  }

  Status AddConstants() {
    for (const ConstantSpec& constant : spec_.constants) {
      if (constant.tensor >= states_.size() || constant.data == nullptr ||
          states_[constant.tensor].constant) {
        return Wrong(
            "one value for each constant",
            "others for the tensor " + std::to_string(constant.tensor));
      }
      TensorState& state = states_[constant.tensor];
      if (constant.data->type() != state.spec.type ||
          constant.data->size() != state.spec.size) {
        return Wrong("constants of their tensors' types and sizes",
                     std::to_string(constant.data->size()) + " elements of " +
                         ElementName(constant.data->type()) +
                         " for the tensor " + std::to_string(constant.tensor));
      }
      state.constant = true;
      Tensor& tensor = program_->tensors_[constant.tensor];
      tensor.place = Place::kConstant;
      tensor.constant = constant.data->data();
      program_->constants_.push_back(constant.data);
    }
    return Status();
  }

  // Adds a port to `ports` after checking it.
  Status AddPort(const PortSpec& spec, const char* list,
                 std::vector<Port>* ports) {
    if (spec.tensor >= states_.size()) {
      return Wrong(std::string("numbers of tensors in the ") + list,
                   std::to_string(spec.tensor));
    }
    const TensorSpec& tensor = states_[spec.tensor].spec;
    if (spec.bits != StateRounding::kNone &&
        tensor.type != ElementType::kFloat32) {
      return Wrong(std::string("float32 tensors for the 16-bit ") + list,
                   ElementName(tensor.type));
    }
    ports->push_back({spec, tensor.type, tensor.size});
    return Status();
  }

  Status AddInputs() {
    for (const PortSpec& spec : spec_.inputs) {
      const Status status = AddPort(spec, "inputs", &program_->inputs_);
      if (!status.ok()) return status;
      TensorState& state = states_[spec.tensor];
      if (state.constant || state.input) {
        return Wrong("a tensor of its own for each of the inputs",
                     "the tensor " + std::to_string(spec.tensor) + " again");
      }
      state.input = true;
      const size_t number = program_->inputs_.size() - 1;
      Tensor& tensor = program_->tensors_[spec.tensor];
      // bools are copied to become 0 or 1, and so that no other thread can
      // change a mask while a GRU computes indices from it.
      if (spec.bits != StateRounding::kNone ||
          tensor.type == ElementType::kBool) {
        Use(spec.tensor, 0);
        program_->copied_inputs_.push_back(number);
      } else {
        tensor.place = Place::kInput;
        tensor.at = number;
      }
    }
    return Status();
  }

  Status AddInstructions() {
    const MakingContext context = {&states_, isa_};
    size_t number = 0;
    for (const InstructionSpec& spec : spec_.instructions) {
      MadeInstruction made;
      const Status status = MakeInstruction(spec, context, &made);
      if (!status.ok()) {
        return Status(status.code(), status.message() +
                                         " It is the instruction " +
                                         std::to_string(number) + ".");
      }
      const InstructionFacts& facts = made->facts();
      // Times are twice the number, plus 1 for the first one, which leaves 0
      // for the inputs.
      const size_t time = number + 1;
      for (const TensorId id : facts.reads) Use(id, time);
      for (const TensorId id : facts.writes) Use(id, time);
      program_->scratch_bytes_ =
          std::max(program_->scratch_bytes_, facts.scratch_bytes);
      if (facts.needs_all_rows) program_->divisible_ = false;
      program_->instructions_.push_back(std::move(made));
      ++number;
    }
    return Status();
  }

  Status AddOutputs() {
    for (const PortSpec& spec : spec_.outputs) {
      const Status status = AddPort(spec, "outputs", &program_->outputs_);
      if (!status.ok()) return status;
      const TensorState& state = states_[spec.tensor];
      if (!state.constant && !state.input && !state.written) {
        return Wrong("outputs that are written",
                     "the tensor " + std::to_string(spec.tensor) +
                         ", which no instruction writes");
      }
      const size_t number = program_->outputs_.size() - 1;
      Tensor& tensor = program_->tensors_[spec.tensor];
      if (tensor.place == Place::kNowhere && !state.input &&
          spec.bits == StateRounding::kNone) {
        tensor.place = Place::kOutput;
        tensor.at = number;
      } else {
        Use(spec.tensor, spec_.instructions.size() + 1);
        program_->copied_outputs_.push_back(number);
      }
    }
    return Status();
  }

  // Notes that an instruction needs a tensor.
  void Use(TensorId id, size_t time) {
    ArenaBlock& block = blocks_[id];
    if (block.bytes == 0) {
      block.bytes = std::max<size_t>(
          1, states_[id].spec.size * ElementSize(states_[id].spec.type));
      block.first = time;
    }
    block.last = time;
  }

  Status Plan() {
    std::vector<ArenaBlock> blocks;
    std::vector<TensorId> ids;
    for (TensorId id = 0; id < blocks_.size(); ++id) {
      if (program_->tensors_[id].place != Place::kNowhere) continue;
      if (blocks_[id].bytes == 0) continue;
      blocks.push_back(blocks_[id]);
      ids.push_back(id);
    }
    ArenaPlan plan;
    if (!PlanArena(blocks, &plan)) return TensorTooLarge("tensors");
    for (size_t i = 0; i < ids.size(); ++i) {
      program_->tensors_[ids[i]].place = Place::kArena;
      program_->tensors_[ids[i]].at = plan.offsets[i];
    }
    program_->row_bytes_ = plan.bytes;
    program_->divisible_ = program_->divisible_ && spec_.divisible;
    return Status();
  }

  const ProgramSpec& spec_;
  const CpuIsa& isa_;
  Program* const program_;
  std::vector<TensorState> states_;
  std::vector<ArenaBlock> blocks_;
};

// The rows that one thread computes at a time.
struct Program::Tile {
  size_t begin;
  size_t end;
  void* memory;
  ComputeOptions options;
};

Status Program::Create(const ProgramSpec& spec, const CpuIsa& isa,
                       std::shared_ptr<const Program>* program) {
  std::shared_ptr<Program> created(new (std::nothrow) Program());
  if (created == nullptr) return OutOfMemory(sizeof(Program), "a program");
  const Status status = Builder(spec, isa, created.get()).Build();
  if (status.ok()) *program = std::move(created);
  return status;
}

size_t Program::bytes() const {
  size_t bytes = 0;
  for (const auto& constant : constants_) {
    if (constant.use_count() == 1) bytes += constant->bytes();
  }
  return bytes;
}

size_t Program::TileBytes(size_t rows) const {
  BumpAllocator measure(nullptr);
  measure.Take<void*>(tensors_.size());
  measure.Take<char>(scratch_bytes_);
  measure.Take<char>(rows * row_bytes_);
  return measure.used();
}

Status Program::CheckRows(size_t rows) const {
  size_t bytes = 0;
  if (!MultiplySizes(rows, row_bytes_, &bytes)) {
    return TensorTooLarge("rows");
  }
  for (const Tensor& tensor : tensors_) {
    if (!MultiplySizes(rows, tensor.size, &bytes)) {
      return TensorTooLarge("rows");
    }
  }
  return Status();
}

Status Program::RunTile(const ProgramCall& call, const Tile& tile) const {
  const size_t rows = tile.end - tile.begin;
  BumpAllocator allocator(tile.memory);
  void** const data = allocator.Take<void*>(tensors_.size());
  Frame frame;
  frame.data = data;
  frame.rows = rows;
  frame.first_row = tile.begin;
  frame.scratch = allocator.Take<char>(scratch_bytes_);
  frame.options = tile.options;
  char* const arena = allocator.Take<char>(rows * row_bytes_);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const Tensor& tensor = tensors_[i];
    const size_t skipped = tile.begin * tensor.size * ElementSize(tensor.type);
    switch (tensor.place) {
      case Place::kNowhere:
        data[i] = nullptr;
        break;
      case Place::kArena:
        data[i] = arena + tensor.at * rows;
        break;
      case Place::kInput:
        // Instructions never write to an input.
        data[i] = const_cast<char*>(
                      static_cast<const char*>(call.inputs[tensor.at])) +
                  skipped;
        break;
      case Place::kOutput:
        data[i] = static_cast<char*>(call.outputs[tensor.at]) + skipped;
        break;
      case Place::kConstant:
        data[i] = const_cast<void*>(tensor.constant);
        break;
    }
  }
  for (const size_t number : copied_inputs_) {
    const Port& port = inputs_[number];
    const size_t skipped =
        tile.begin * port.size * PortElementSize(port.spec, port.type);
    ReadPort(port.spec, port.type,
             static_cast<const char*>(call.inputs[number]) + skipped,
             data[port.spec.tensor], rows * port.size);
  }
  for (const MadeInstruction& instruction : instructions_) {
    const Cancellation* const cancellation = tile.options.cancellation;
    if (cancellation != nullptr && cancellation->requested()) return Aborted();
    const Status status = instruction->Run(frame);
    if (!status.ok()) return status;
    const InstructionFacts& facts = instruction->facts();
    if (facts.rounding == StateRounding::kNone) continue;
    for (const TensorId id : facts.writes) {
      if (tensors_[id].type != ElementType::kFloat32) continue;
      RoundValues(facts.rounding, static_cast<float*>(data[id]),
                  rows * tensors_[id].size);
    }
  }
  for (const size_t number : copied_outputs_) {
    const Port& port = outputs_[number];
    const size_t skipped =
        tile.begin * port.size * PortElementSize(port.spec, port.type);
    const char* from = static_cast<const char*>(data[port.spec.tensor]);
    char* const to = static_cast<char*>(call.outputs[number]) + skipped;
    if (tensors_[port.spec.tensor].place != Place::kConstant) {
      WritePort(port.spec, port.type, from, to, rows * port.size);
      continue;
    }
    // Every row is the whole constant.
    const size_t row_bytes = port.size * PortElementSize(port.spec, port.type);
    for (size_t row = 0; row < rows; ++row) {
      WritePort(port.spec, port.type, from, to + row * row_bytes, port.size);
    }
  }
  return Status();
}

Status Program::Run(const ProgramCall& call,
                    const ComputeOptions& options) const {
  if (options.cancellation != nullptr && options.cancellation->requested()) {
    return Aborted();
  }
  const Status status = CheckRows(call.rows);
  if (!status.ok() || call.rows == 0) return status;
  const size_t bytes = TileBytes(call.rows);
  const Workspace workspace(bytes);
  if (workspace.data() == nullptr) {
    return OutOfMemory(bytes, "scratch memory for the call");
  }
  return RunTile(call, {0, call.rows, workspace.data(), options});
}

}  // namespace cudnn_gru
