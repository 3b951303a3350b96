#include "core/gru_stack_pass.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/half.h"
#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

MergeShape ShapeOf(const LayerPass& layer) {
  MergeShape shape;
  const GruCall& call = layer.halves[0]->call();
  shape.steps = call.return_sequences ? call.timesteps : 1;
  shape.rounding = layer.halves[0]->description().state_rounding;
  for (size_t half = 0; half < 2; ++half) {
    shape.units[half] =
        half < layer.half_count() ? layer.halves[half]->description().units : 0;
  }
  return shape;
}

// The arrays that the layers use one after the other.
template <typename T>
struct Scratch {
  T* d_outputs[2];     // of the two halves
  T* d_inputs;         // of the backward half
  T* d_layer[2] = {};  // of the inputs of a layer and of the layer below

  void Take(const std::vector<LayerPass>& layers, BumpAllocator& allocator) {
    size_t outputs[2] = {0, 0};
    size_t second = 0;
    size_t inner = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      const LayerPass& layer = layers[i];
      const GruCall& call = layer.halves[0]->call();
      const size_t inputs =
          call.batch * call.timesteps * layer.halves[0]->description().features;
      if (i > 0) inner = std::max(inner, inputs);
      if (layer.half_count() == 1) continue;
      second = std::max(second, inputs);
      const MergeShape shape = ShapeOf(layer);
      for (size_t half = 0; half < 2; ++half) {
        outputs[half] = std::max(outputs[half],
                                 call.batch * shape.steps * shape.units[half]);
      }
    }
    for (size_t half = 0; half < 2; ++half) {
      d_outputs[half] = allocator.Take<T>(outputs[half]);
      d_layer[half] = allocator.Take<T>(inner);
    }
    d_inputs = allocator.Take<T>(second);
  }
};

// The two halves' gradients from above, in the order of their own steps.
template <typename T>
void SplitOutputs(const LayerPass& layer, const void* const from_above[2],
                  const Scratch<T>& scratch, const void* d_outputs[2]) {
  d_outputs[0] = from_above[0];
  d_outputs[1] = from_above[1];
  if (layer.half_count() == 1) return;
  const MergeShape shape = ShapeOf(layer);
  const size_t rows = layer.halves[0]->call().batch;
  for (size_t half = 0; half < 2; ++half) {
    const bool separate = layer.merge == Merge::kSeparate;
    const void* const from = from_above[separate ? half : 0];
    d_outputs[half] = from;
    // The forward half's own output is already in the right order.
    if (from == nullptr || (separate && half == 0)) continue;
    SplitGradient<T>(layer.merge, shape, rows, half,
                     static_cast<const T*>(from),
                     static_cast<const T*>(layer.outputs[1 - half]),
                     scratch.d_outputs[half]);
    d_outputs[half] = scratch.d_outputs[half];
  }
}

enum class Arrangement { kOneByOne, kSideBySide };

Status RunHalves(const LayerPass& layer, const GruGradients gradients[2],
                 Arrangement arrangement, int threads,
                 const Cancellation* cancellation) {
  if (layer.half_count() == 2 && arrangement == Arrangement::kSideBySide) {
    Status statuses[2];
    const auto body = [&](int half) {
      statuses[half] =
          layer.halves[half]->Backward(gradients[half], 1, cancellation);
    };
    if (ThreadPool::Get().TryRun(2, std::cref(body))) {
      return std::move(statuses[statuses[0].ok() ? 1 : 0]);
    }
  }
  for (size_t half = 0; half < layer.half_count(); ++half) {
    Status status =
        layer.halves[half]->Backward(gradients[half], threads, cancellation);
    if (!status.ok()) return status;
  }
  return Status();
}

template <typename T>
void AddTo(T* sum, const T* values, size_t count) {
  for (size_t i = 0; i < count; ++i) sum[i] += values[i];
}

// Adds the second half's gradient of the inputs, unless it is null, to the
// first half's. As in Keras, a 16-bit layer rounds both, and their sum.
template <typename T>
void SumInputs(const GruPass& first, T* d_inputs, T* second) {
  const StateRounding rounding = first.description().state_rounding;
  const size_t count = first.call().batch * first.call().timesteps *
                       first.description().features;
  RoundValues(rounding, d_inputs, count);
  if (second == nullptr) return;
  RoundValues(rounding, second, count);
  AddTo(d_inputs, second, count);
  RoundValues(rounding, d_inputs, count);
}

// One backward call.
template <typename T>
class StackBackward {
 public:
  StackBackward(const std::vector<LayerPass>& layers,
                const StackGradients& gradients)
      : layers_(layers),
        gradients_(gradients),
        halves_left_(gradients.halves.size()) {
    from_above_[0] = gradients.d_outputs[0];
    from_above_[1] = gradients.d_outputs[1];
  }

  void Take(BumpAllocator& allocator) { scratch_.Take(layers_, allocator); }

  // Computes the layer `index`, after the one above it.
  Status RunLayer(size_t index, Arrangement arrangement, int threads,
                  const Cancellation* cancellation) {
    const LayerPass& layer = layers_[index];
    const void* d_outputs[2];
    SplitOutputs<T>(layer, from_above_, scratch_, d_outputs);
    T* const d_inputs = index == 0 ? static_cast<T*>(gradients_.d_inputs)
                                   : scratch_.d_layer[index % 2];
    const bool both = layer.half_count() == 2 && d_inputs != nullptr;
    halves_left_ -= layer.half_count();
    GruGradients halves[2];
    for (size_t half = 0; half < layer.half_count(); ++half) {
      const HalfGradients& from = gradients_.halves[halves_left_ + half];
      GruGradients& to = halves[half];
      to.d_output = d_outputs[half];
      to.d_state = from.d_state;
      to.d_inputs = half == 0 ? d_inputs : both ? scratch_.d_inputs : nullptr;
      to.d_initial_state = from.d_initial_state;
      to.d_kernel = from.d_kernel;
      to.d_recurrent_kernel = from.d_recurrent_kernel;
      to.d_bias = from.d_bias;
    }
    Status status =
        RunHalves(layer, halves, arrangement, threads, cancellation);
    if (status.ok() && d_inputs != nullptr) {
      SumInputs(*layer.halves[0], d_inputs, both ? scratch_.d_inputs : nullptr);
    }
    from_above_[0] = d_inputs;
    from_above_[1] = nullptr;
    return status;
  }

 private:
  const std::vector<LayerPass>& layers_;
  const StackGradients& gradients_;
  size_t halves_left_;  // the number of halves of the layers below
  const void* from_above_[2];
  Scratch<T> scratch_;
};

}  // namespace

StackSizes GruStackPass::sizes() const {
  StackSizes sizes;
  const GruPass& first = *layers_.front().halves[0];
  sizes.mask = first.call().batch * first.call().timesteps;
  sizes.inputs = sizes.mask * first.description().features;
  const LayerPass& last = layers_.back();
  const MergeShape shape = ShapeOf(last);
  const size_t rows = first.call().batch * shape.steps;
  sizes.outputs[0] = rows * shape.units[0];
  if (last.merge == Merge::kConcat) sizes.outputs[0] += rows * shape.units[1];
  if (last.merge == Merge::kSeparate) sizes.outputs[1] = rows * shape.units[1];
  return sizes;
}

size_t GruStackPass::bytes() const {
  size_t bytes = 0;
  for (const auto& memory : memory_) bytes += memory->size();
  for (const LayerPass& layer : layers_) {
    for (const auto& half : layer.halves) {
      if (half != nullptr) bytes += half->bytes();
    }
  }
  return bytes;
}

bool GruStackPass::SideBySide(const LayerPass&, int) const { return false; }

Status GruStackPass::Backward(const StackGradients& gradients, int threads,
                              const Cancellation* cancellation) {
  if (spent_) {
    return Status(StatusCode::kState,
                  "Expected a pass whose backward has not been called but "
                  "received a used one. Call forward again.");
  }
  if (cancellation != nullptr && cancellation->requested()) return Aborted();
  const auto run = [&](auto backward) {
    BumpAllocator measure(nullptr);
    backward.Take(measure);
    const Workspace workspace(measure.used());
    if (workspace.data() == nullptr) {
      return OutOfMemory(measure.used(), "scratch memory for the gradients");
    }
    BumpAllocator allocator(workspace.data());
    backward.Take(allocator);
    spent_ = true;
    for (size_t index = layers_.size(); index-- > 0;) {
      const Arrangement arrangement =
          threads > 1 && SideBySide(layers_[index], threads)
              ? Arrangement::kSideBySide
              : Arrangement::kOneByOne;
      Status status =
          backward.RunLayer(index, arrangement, threads, cancellation);
      if (!status.ok()) return status;
    }
    return Status();
  };
  return layers_[0].halves[0]->description().dtype == Dtype::kFloat32
             ? run(StackBackward<float>(layers_, gradients))
             : run(StackBackward<double>(layers_, gradients));
}

}  // namespace cudnn_gru
