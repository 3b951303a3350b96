#include "model/program_parts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/tensor_size.h"
#include "model/placement.h"

namespace cudnn_gru {
namespace {

Status Wrong(const std::string& expected, const std::string& received) {
  return Status(StatusCode::kArgument,
                "Expected " + expected + " of a native program but received " +
                    received + ".");
}

// Builds one program. Times are those of Placement: 0 for the inputs, then one
// for each instruction, and the last one for the outputs.
class Builder {
 public:
  Builder(const ProgramSpec& spec, const CpuIsa& isa, ProgramParts* parts)
      : spec_(spec), isa_(isa), parts_(*parts), placement_(spec.tensors) {}

  Status Build() {
    Status status = AddTensors();
    if (status.ok()) status = AddConstants();
    if (status.ok()) status = AddInputs();
    if (status.ok()) status = AddInstructions();
    if (status.ok()) status = AddOutputs();
    if (!status.ok()) return status;
    ShareMemory();
    parts_.divisible = parts_.divisible && spec_.divisible;
    return placement_.Plan(&parts_.tensors, &parts_.row_bytes)
               ? Status()
               : TensorTooLarge("tensors");
  }

 private:
  Status AddTensors() {
    for (const TensorSpec& tensor : spec_.tensors) {
      size_t size = 0;
      if (!MultiplySizes(tensor.size, 1, &size)) {
        return TensorTooLarge("tensors");
      }
      states_.push_back({tensor, false, false, false});
      PlacedTensor placed;
      placed.type = tensor.type;
      placed.size = tensor.size;
      parts_.tensors.push_back(placed);
    }
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
      PlacedTensor& tensor = parts_.tensors[constant.tensor];
      tensor.place = Place::kConstant;
      tensor.constant = constant.data->data();
      parts_.constants.push_back(constant.data);
    }
    return Status();
  }

  // Adds a port to `ports` after checking it.
  Status AddPort(const PortSpec& spec, const char* list,
                 std::vector<ProgramPort>* ports) {
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
      const Status status = AddPort(spec, "inputs", &parts_.inputs);
      if (!status.ok()) return status;
      TensorState& state = states_[spec.tensor];
      if (state.constant || state.input) {
        return Wrong("a tensor of its own for each of the inputs",
                     "the tensor " + std::to_string(spec.tensor) + " again");
      }
      state.input = true;
      const size_t number = parts_.inputs.size() - 1;
      PlacedTensor& tensor = parts_.tensors[spec.tensor];
      // bools are copied to become 0 or 1, and so that no other thread can
      // change a mask while a GRU computes indices from it.
      if (spec.bits != StateRounding::kNone ||
          tensor.type == ElementType::kBool) {
        placement_.Use(spec.tensor, 0);
        parts_.copied_inputs.push_back(number);
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
      ++number;
      if (!HasResults(facts)) continue;
      const size_t time = parts_.instructions.size() + 1;
      for (const TensorId id : facts.reads) placement_.Use(id, time);
      for (const TensorId id : facts.writes) placement_.Use(id, time);
      parts_.scratch_bytes =
          std::max(parts_.scratch_bytes, facts.scratch_bytes);
      parts_.work += facts.work;
      if (!facts.uses_threads) parts_.serial_work += facts.work;
      if (facts.needs_all_rows) parts_.divisible = false;
      parts_.instructions.push_back(std::move(made));
    }
    return Status();
  }

  // Whether the instruction has anything to compute. One without results may
  // have dimensions that would take it long to walk through.
  bool HasResults(const InstructionFacts& facts) const {
    for (const TensorId id : facts.writes) {
      if (parts_.tensors[id].size > 0) return true;
    }
    return false;
  }

  Status AddOutputs() {
    for (const PortSpec& spec : spec_.outputs) {
      const Status status = AddPort(spec, "outputs", &parts_.outputs);
      if (!status.ok()) return status;
      const TensorState& state = states_[spec.tensor];
      if (!state.constant && !state.input && !state.written) {
        return Wrong("outputs that are written",
                     "the tensor " + std::to_string(spec.tensor) +
                         ", which no instruction writes");
      }
      const size_t number = parts_.outputs.size() - 1;
      placement_.Use(spec.tensor, spec_.instructions.size() + 1);
      PlacedTensor& tensor = parts_.tensors[spec.tensor];
      if (tensor.place == Place::kNowhere && !state.input &&
          spec.bits == StateRounding::kNone) {
        tensor.place = Place::kOutput;
        tensor.at = number;
      } else {
        parts_.copied_outputs.push_back(number);
      }
    }
    return Status();
  }

  // Lets results take the memory of operands that nothing reads any more.
  void ShareMemory() {
    for (size_t i = 0; i < parts_.instructions.size(); ++i) {
      const InstructionFacts& facts = parts_.instructions[i]->facts();
      for (const TensorId id : facts.replaceable) {
        if (placement_.Join(id, facts.writes[0], i + 1, &parts_.tensors)) break;
      }
    }
  }

  const ProgramSpec& spec_;
  const CpuIsa& isa_;
  ProgramParts& parts_;
  std::vector<TensorState> states_;
  Placement placement_;
};

}  // namespace

Status BuildProgram(const ProgramSpec& spec, const CpuIsa& isa,
                    ProgramParts* parts) {
  return Builder(spec, isa, parts).Build();
}

}  // namespace cudnn_gru
