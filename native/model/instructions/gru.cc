#include "model/instructions/gru.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/gru_stack.h"
#include "core/workspace.h"

namespace cudnn_gru {
namespace {

// A half's states as operands.
struct HalfOperands {
  std::optional<Operand> initial_state;
  std::optional<Operand> state;
};

struct Tensors {
  Operand x;
  std::vector<Operand> outputs;
  std::optional<Operand> mask;
  std::vector<HalfOperands> halves;  // of all layers
};

// Lends the calls of a stack, which have lists, so that a run in a steady state
// allocates nothing.
class CallPool {
 public:
  explicit CallPool(StackCall call) : call_(std::move(call)) {}

  const StackCall& original() const { return call_; }

  std::unique_ptr<StackCall> Take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return std::make_unique<StackCall>(call_);
    std::unique_ptr<StackCall> call = std::move(free_.back());
    free_.pop_back();
    return call;
  }

  void GiveBack(std::unique_ptr<StackCall> call) {
    std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(call));
  }

 private:
  const StackCall call_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<StackCall>> free_;
};

class Gru : public Instruction {
 public:
  // `call` has everything but the batch and the tensors.
  Gru(InstructionFacts facts, StackCall call, Tensors tensors, Tf32 tf32)
      : Instruction(std::move(facts)),
        calls_(std::move(call)),
        tensors_(std::move(tensors)),
        tf32_(tf32) {}

  // Threads that compute the units of a GRU together read its weights once,
  // which a large layer of few rows spends its time with.
  bool NeedsThreads(size_t rows, int threads) const override {
    const size_t batch = rows * facts().repeat;
    if (batch >= kRowsPerThread * static_cast<size_t>(threads)) return false;
    double most = 0;
    for (const StackLayer& layer : calls_.original().layers) {
      for (size_t i = 0; i < layer.half_count; ++i) {
        most = std::max(
            most, CallFlops(layer.halves[i].backend->description(), batch, 1));
      }
    }
    return most >= kMinStepFlops;
  }

  Status Run(const Frame& frame) const override {
    std::unique_ptr<StackCall> call = calls_.Take();
    const Status status = RunCall(frame, call.get());
    calls_.GiveBack(std::move(call));
    return status;
  }

 private:
  // The limits by which the CPU path divides a single GRU
  // (cpu/forward/work_division.cc).
  static constexpr size_t kRowsPerThread = 8;
  static constexpr double kMinStepFlops = 2e5;

  Status RunCall(const Frame& frame, StackCall* call) const {
    call->batch = Items(frame);
    // A call needs a place for every state, also for one that nothing reads.
    const size_t state_bytes = UnreadStateBytes(call->batch);
    const Workspace workspace(state_bytes);
    if (workspace.data() == nullptr) {
      return OutOfMemory(state_bytes, "scratch memory for the states of a GRU");
    }
    BumpAllocator allocator(workspace.data());
    call->inputs = tensors_.x.In<void>(frame);
    if (tensors_.mask.has_value()) {
      call->mask = tensors_.mask->In<const uint8_t>(frame);
    }
    for (size_t i = 0; i < tensors_.outputs.size(); ++i) {
      call->outputs[i] = tensors_.outputs[i].In<void>(frame);
    }
    size_t index = 0;
    for (StackLayer& layer : call->layers) {
      for (size_t i = 0; i < layer.half_count; ++i) {
        PlaceStates(frame, tensors_.halves[index++], call->batch, &allocator,
                    &layer.halves[i]);
      }
    }
    ComputeOptions options = frame.options;
    options.tf32 = tf32_;
    return Forward(*call, options);
  }

  Status Forward(const StackCall& call, const ComputeOptions& options) const {
    if (call.layers.size() > 1 || call.layers[0].half_count > 1) {
      return stack_.Forward(call, options);
    }
    GruCall one = CallOfHalf(call, 0, 0, call.inputs);
    one.output = call.outputs[0];
    return call.layers[0].halves[0].backend->Forward(one, options);
  }

  static size_t StateBytes(const StackHalf& half, size_t batch) {
    const GruDescription& description = half.backend->description();
    return batch * description.units * DtypeSize(description.dtype);
  }

  size_t UnreadStateBytes(size_t batch) const {
    BumpAllocator measure(nullptr);
    size_t index = 0;
    for (const StackLayer& layer : calls_.original().layers) {
      for (size_t i = 0; i < layer.half_count; ++i) {
        if (tensors_.halves[index++].state.has_value()) continue;
        measure.Take<char>(StateBytes(layer.halves[i], batch));
      }
    }
    return measure.used();
  }

  static void PlaceStates(const Frame& frame, const HalfOperands& operands,
                          size_t batch, BumpAllocator* allocator,
                          StackHalf* half) {
    if (operands.initial_state.has_value()) {
      half->initial_state = operands.initial_state->In<void>(frame);
    }
    half->state = operands.state.has_value()
                      ? operands.state->In<void>(frame)
                      : allocator->Take<char>(StateBytes(*half, batch));
  }

  mutable CallPool calls_;
  const Tensors tensors_;
  const Tf32 tf32_;
  mutable GruStack stack_;
};

// Makes the call of one item without its tensors.
StackCall CallOf(const GruSpec& spec) {
  StackCall call;
  call.batch = spec.repeat;
  call.timesteps = spec.steps;
  for (const GruLayerSpec& from : spec.layers) {
    StackLayer layer;
    layer.merge = from.merge;
    layer.half_count = from.halves.size();
    layer.return_sequences =
        call.layers.size() + 1 < spec.layers.size() || spec.return_sequences;
    for (size_t i = 0; i < from.halves.size() && i < 2; ++i) {
      layer.halves[i].backend = from.halves[i].backend;
      layer.halves[i].go_backwards = from.halves[i].go_backwards;
      layer.halves[i].zero_output_for_mask =
          from.halves[i].zero_output_for_mask;
    }
    call.layers.push_back(layer);
  }
  return call;
}

double WorkOf(const GruSpec& spec) {
  double work = 0;
  for (const GruLayerSpec& layer : spec.layers) {
    for (const GruHalfSpec& half : layer.halves) {
      work += CallFlops(half.backend->description(), 1, spec.steps);
    }
  }
  return work;
}

// Reads the states of all halves.
void ReadStates(const GruSpec& spec, ElementTypes types, Operands* operands,
                std::vector<HalfOperands>* halves) {
  for (const GruLayerSpec& layer : spec.layers) {
    for (const GruHalfSpec& half : layer.halves) {
      const size_t units = half.backend->description().units;
      HalfOperands states;
      if (half.initial_state.has_value()) {
        states.initial_state = operands->ReadRows(
            "initialState", *half.initial_state, types, units);
      }
      if (half.state.has_value()) {
        states.state = operands->Write("state", *half.state, types, units);
      }
      halves->push_back(states);
    }
  }
}

bool TakesCudnn(const GruSpec& spec) {
  for (const GruLayerSpec& layer : spec.layers) {
    for (const GruHalfSpec& half : layer.halves) {
      if (std::strcmp(half.backend->name(), "cudnn") == 0) return true;
    }
  }
  return false;
}

}  // namespace

Status MakeInstruction(const GruSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  Operands operands("gru", spec.repeat, context.tensors);
  if (!operands.ok()) return operands.status();
  StackCall call = CallOf(spec);
  // Also checks that there are layers of one or two halves with weights.
  StackSizes sizes;
  const Status status = CheckStack(call, &sizes);
  if (!status.ok()) return status;
  const ElementTypes types = Only(
      call.layers[0].halves[0].backend->description().dtype == Dtype::kFloat32
          ? ElementType::kFloat32
          : ElementType::kFloat64);
  Tensors tensors;
  tensors.x = operands.ReadRows("x", spec.x, types, sizes.inputs / spec.repeat);
  if (spec.mask.has_value()) {
    tensors.mask = operands.ReadRows("mask", *spec.mask,
                                     Only(ElementType::kBool), spec.steps);
  }
  const size_t outputs = sizes.outputs[1] == 0 ? 1 : 2;
  operands.Require(spec.outputs.size() == outputs, "outputs",
                   std::to_string(outputs) + " tensors");
  ReadStates(spec, types, &operands, &tensors.halves);
  for (size_t i = 0; i < outputs && operands.ok(); ++i) {
    tensors.outputs.push_back(operands.Write("outputs", spec.outputs[i], types,
                                             sizes.outputs[i] / spec.repeat));
  }
  operands.NoteWork(WorkOf(spec));
  operands.facts()->uses_threads = true;
  operands.facts()->needs_all_rows = TakesCudnn(spec);
  return FinishInstruction<Gru>(&operands, made, std::move(call),
                                std::move(tensors), spec.tf32);
}

}  // namespace cudnn_gru
