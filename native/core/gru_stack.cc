#include "core/gru_stack.h"

#include <new>
#include <string>
#include <utility>

#include "core/one_by_one.h"
#include "core/tensor_size.h"

namespace cudnn_gru {
namespace {

std::string Number(size_t number) { return std::to_string(number); }

Status Unfit(size_t layer, const std::string& expected, size_t received) {
  return Status(StatusCode::kShape,
                "Expected " + expected + " in layer " + Number(layer) +
                    " of a stack but received " + Number(received) + ".");
}

Status Wrong(size_t layer, const char* expected) {
  return Status(StatusCode::kArgument, std::string("Expected ") + expected +
                                           " in layer " + Number(layer) +
                                           " of a stack.");
}

// Checks one half against the first layer's forward half, and against the
// number of features that it receives.
Status CheckHalf(const StackCall& call, size_t layer, const StackHalf& half,
                 size_t features) {
  if (half.backend == nullptr) return Wrong(layer, "weights");
  const GruDescription& first = call.layers[0].halves[0].backend->description();
  const GruDescription& own = half.backend->description();
  if (HasCustomActivation(own)) {
    return Status(StatusCode::kUnsupported,
                  "Expected activations of Keras's in every layer of a stack "
                  "but received a custom one.");
  }
  if (own.dtype != first.dtype || own.state_rounding != first.state_rounding) {
    return Status(StatusCode::kDtype,
                  "Expected layers of one dtype but layer " + Number(layer) +
                      " of the stack has another one.");
  }
  if (own.features != features) {
    return Unfit(layer, Number(features) + " features", own.features);
  }
  return Status();
}

Status CheckLayer(const StackCall& call, size_t index, size_t features) {
  const StackLayer& layer = call.layers[index];
  if (layer.half_count != 1 && layer.half_count != 2) {
    return Wrong(index, "one GRU or two");
  }
  if ((layer.merge == Merge::kNone) != (layer.half_count == 1)) {
    return Wrong(index, "a merge of two GRUs, and none of one");
  }
  if (index + 1 < call.layers.size() &&
      (!layer.return_sequences || layer.merge == Merge::kSeparate)) {
    return Wrong(index, "one whole sequence for the next layer");
  }
  for (size_t half = 0; half < layer.half_count; ++half) {
    const Status status = CheckHalf(call, index, layer.halves[half], features);
    if (!status.ok()) return status;
  }
  if (IsArithmetic(layer.merge)) {
    const size_t units = layer.halves[0].backend->description().units;
    const size_t other = layer.halves[1].backend->description().units;
    if (units != other) {
      return Unfit(index, Number(units) + " units of the backward half", other);
    }
  }
  return Status();
}

size_t UnitsOf(const StackLayer& layer, size_t half) {
  return layer.halves[half].backend->description().units;
}

}  // namespace

size_t WidthOf(const StackLayer& layer) {
  const size_t units = UnitsOf(layer, 0);
  return layer.merge == Merge::kConcat ? units + UnitsOf(layer, 1) : units;
}

GruCall CallOfHalf(const StackCall& call, size_t layer, size_t half,
                   const void* inputs) {
  const StackHalf& from = call.layers[layer].halves[half];
  GruCall to;
  to.batch = call.batch;
  to.timesteps = call.timesteps;
  to.return_sequences = call.layers[layer].return_sequences;
  to.go_backwards = from.go_backwards;
  to.zero_output_for_mask = from.zero_output_for_mask;
  to.inputs = inputs;
  to.inputs_are_bits = layer == 0 && call.inputs_are_bits;
  to.initial_state = from.initial_state;
  to.mask = call.mask;
  to.lengths = call.lengths;
  to.input_dropout = from.input_dropout;
  to.input_dropout_masks = from.input_dropout_masks;
  to.recurrent_dropout = from.recurrent_dropout;
  to.state = from.state;
  return to;
}

Status CheckStack(const StackCall& call, StackSizes* sizes) {
  if (call.layers.empty() || call.layers[0].halves[0].backend == nullptr) {
    return Wrong(0, "a GRU");
  }
  size_t features = call.layers[0].halves[0].backend->description().features;
  size_t steps = call.timesteps;
  for (size_t i = 0; i < call.layers.size(); ++i) {
    const StackLayer& layer = call.layers[i];
    Status status = CheckLayer(call, i, features);
    if (!status.ok()) return status;
    for (size_t half = 0; half < layer.half_count; ++half) {
      GruCallSizes half_sizes;
      status = ComputeSizes(layer.halves[half].backend->description(),
                            CallOfHalf(call, i, half, nullptr), &half_sizes);
      if (!status.ok()) return status;
      if (i == 0) {
        sizes->inputs = half_sizes.inputs;
        sizes->mask = half_sizes.mask;
      }
      sizes->outputs[half] = half_sizes.output;
    }
    features = WidthOf(layer);
    if (!layer.return_sequences) steps = 1;
  }
  if (call.layers.back().merge != Merge::kSeparate) sizes->outputs[1] = 0;
  size_t rows = 0;
  if (!MultiplySizes(call.batch, steps, &rows) ||
      !MultiplySizes(rows, features, &sizes->outputs[0])) {
    return TensorTooLarge("output");
  }
  return Status();
}

size_t GruStack::bytes() const {
  size_t bytes = 0;
  for (const Kind& kind : kinds_) {
    if (kind.maker.load(std::memory_order_acquire) != nullptr) {
      bytes += kind.runner->bytes();
    }
  }
  return bytes;
}

GruStackRunner* GruStack::RunnerFor(const StackCall& call) {
  const GruBackend::StackRunnerMaker maker =
      call.layers[0].halves[0].backend->stack_runner_maker();
  if (maker == nullptr) return nullptr;
  for (const StackLayer& layer : call.layers) {
    for (size_t half = 0; half < layer.half_count; ++half) {
      if (layer.halves[half].backend->stack_runner_maker() != maker) {
        return nullptr;
      }
    }
  }
  GruStackRunner* const runner = RunnerOf(maker);
  return runner == nullptr ? MakeRunner(maker) : runner;
}

GruStackRunner* GruStack::RunnerOf(GruBackend::StackRunnerMaker maker) const {
  for (const Kind& kind : kinds_) {
    if (kind.maker.load(std::memory_order_acquire) == maker) {
      return kind.runner.get();
    }
  }
  return nullptr;
}

GruStackRunner* GruStack::MakeRunner(GruBackend::StackRunnerMaker maker) {
  std::lock_guard<std::mutex> lock(making_);
  // Another thread may have made it in the meantime.
  if (GruStackRunner* const runner = RunnerOf(maker)) return runner;
  for (Kind& kind : kinds_) {
    if (kind.maker.load(std::memory_order_relaxed) != nullptr) continue;
    kind.runner = maker();
    kind.maker.store(maker, std::memory_order_release);
    return kind.runner.get();
  }
  return nullptr;
}

Status GruStack::Forward(const StackCall& call, const ComputeOptions& options) {
  GruStackRunner* const runner = RunnerFor(call);
  return runner != nullptr && runner->CanRun(call)
             ? runner->Forward(call, options)
             : ForwardOneByOne(call, options, nullptr);
}

Status GruStack::ForwardKeepingPass(const StackCall& call,
                                    const ComputeOptions& options,
                                    std::unique_ptr<GruStackPass>* pass) {
  GruStackRunner* const runner = RunnerFor(call);
  if (runner != nullptr && runner->CanRun(call)) {
    return runner->ForwardKeepingPass(call, options, pass);
  }
  std::unique_ptr<GruStackPass> made(new (std::nothrow) GruStackPass());
  if (made == nullptr) return OutOfMemory(sizeof(GruStackPass), "a pass");
  const Status status = ForwardOneByOne(call, options, made.get());
  if (status.ok()) *pass = std::move(made);
  return status;
}

}  // namespace cudnn_gru
