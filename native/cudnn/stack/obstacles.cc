#include "cudnn/stack/obstacles.h"

#include <cstdint>
#include <limits>

#include "cudnn/chunking.h"
#include "cudnn/cudnn_backend.h"
#include "cudnn/stack/stack_runtime.h"

namespace cudnn_gru {
namespace {

using Obstacle = std::optional<StackObstacle>;

// GruStack gives a runner the backends of its own kind alone.
const CudnnBackend& BackendOf(const StackHalf& half) {
  return static_cast<const CudnnBackend&>(*half.backend);
}

std::string NameOf(const StackCall& call, size_t layer, size_t half) {
  const std::string name = "ayer " + std::to_string(layer);
  if (call.layers[layer].half_count == 1) return "L" + name;
  return std::string("The ") + (half == 0 ? "forward" : "backward") +
         " half of l" + name;
}

Obstacle InHalf(const StackCall& call, size_t layer, size_t half,
                const std::string& predicate) {
  return StackObstacle{layer, NameOf(call, layer, half) + " " + predicate};
}

Obstacle CheckHalf(const StackCall& call, size_t layer, size_t half) {
  const StackHalf& own = call.layers[layer].halves[half];
  const GruDescription& description = own.backend->description();
  const StackHalf& first = call.layers[0].halves[0];
  const size_t device = BackendOf(own).device_index();
  const size_t first_device = BackendOf(first).device_index();
  if (device != first_device) {
    return InHalf(call, layer, half,
                  "is on CUDA device " + std::to_string(device) +
                      ", and the first GRU on device " +
                      std::to_string(first_device) + ".");
  }
  const size_t first_units = first.backend->description().units;
  if (description.units != first_units) {
    return InHalf(call, layer, half,
                  "has " + std::to_string(description.units) +
                      " units, and the first GRU has " +
                      std::to_string(first_units) + ".");
  }
  if (description.activation.kind != Activation::kTanh ||
      description.recurrent_activation.kind != Activation::kSigmoid) {
    return InHalf(call, layer, half,
                  "has other activations than tanh and sigmoid.");
  }
  if (!description.reset_after) {
    return InHalf(call, layer, half, "has `reset_after: false`.");
  }
  if (own.input_dropout != nullptr || own.recurrent_dropout != nullptr) {
    return InHalf(call, layer, half, "has dropout in training.");
  }
  if (own.go_backwards != (half == 1)) {
    return InHalf(call, layer, half,
                  half == 1 ? "goes forwards." : "goes backwards.");
  }
  return std::nullopt;
}

Obstacle CheckLayer(const StackCall& call, size_t index) {
  const StackLayer& layer = call.layers[index];
  if (layer.half_count != call.layers[0].half_count) {
    return StackObstacle{
        index, layer.half_count == 2
                   ? NameOf(call, 0, 0) + " has one direction, and layer " +
                         std::to_string(index) + " has two."
                   : NameOf(call, index, 0) +
                         " has one direction, and layer 0 has two."};
  }
  if (layer.half_count == 2 && index + 1 < call.layers.size() &&
      layer.merge != Merge::kConcat) {
    return StackObstacle{index, "Layer " + std::to_string(index) +
                                    " has another merge mode than concat, "
                                    "which only the last layer may have."};
  }
  for (size_t half = 0; half < layer.half_count; ++half) {
    Obstacle found = CheckHalf(call, index, half);
    if (found.has_value()) return found;
  }
  return std::nullopt;
}

Obstacle CheckSizes(const StackCall& call) {
  constexpr size_t kLargest = std::numeric_limits<int32_t>::max();
  const GruDescription& first = call.layers[0].halves[0].backend->description();
  if (call.batch == 0 || first.features == 0) {
    return StackObstacle{std::nullopt, "The call has no rows, or no features."};
  }
  if (call.timesteps > kMaxChunkTimesteps) {
    return StackObstacle{
        std::nullopt, "The call has " + std::to_string(call.timesteps) +
                          " timesteps. One cuDNN call takes " +
                          std::to_string(kMaxChunkTimesteps) +
                          ", and only single layers can be divided in time."};
  }
  const size_t states = 2 * call.layers.size();
  if (first.features > kLargest || states > kLargest / call.batch ||
      first.units > kLargest / call.batch / states) {
    return StackObstacle{std::nullopt,
                         "The call has sizes of more than 31 bits."};
  }
  GruCall mask;
  mask.batch = call.batch;
  mask.timesteps = call.timesteps;
  mask.mask = call.mask;
  mask.lengths = call.lengths;
  const Status status = CheckLengths(mask);
  if (!status.ok()) return StackObstacle{std::nullopt, status.message()};
  return std::nullopt;
}

}  // namespace

std::optional<StackObstacle> FindObstacle(const StackCall& call) {
  if (call.layers.size() == 1 && call.layers[0].half_count == 1) {
    return StackObstacle{0, "The stack is one GRU, whose call is one anyway."};
  }
  for (size_t i = 0; i < call.layers.size(); ++i) {
    Obstacle found = CheckLayer(call, i);
    if (found.has_value()) return found;
  }
  return CheckSizes(call);
}

std::optional<StackObstacle> FindObstacleHere(const StackCall& call) {
  Obstacle found = FindObstacle(call);
  if (found.has_value()) return found;
  const StackHalf& first = call.layers[0].halves[0];
  const GruDescription& description = first.backend->description();
  const RuntimeVerdict verdict =
      JudgeStackRuntime(BackendOf(first).device_index(), description.dtype,
                        description.state_rounding);
  if (verdict.met) return std::nullopt;
  return StackObstacle{std::nullopt, verdict.detail};
}

RnnShape ShapeOf(const StackCall& call) {
  return RnnShape(call.layers[0].halves[0].backend->description(),
                  call.layers.size(), call.layers[0].half_count);
}

}  // namespace cudnn_gru
