#include "core/one_by_one.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "core/aligned_buffer.h"
#include "core/workspace.h"

namespace cudnn_gru {
namespace {

MergeShape ShapeOf(const StackCall& call, const StackLayer& layer) {
  MergeShape shape;
  shape.steps = layer.return_sequences ? call.timesteps : 1;
  for (size_t half = 0; half < 2; ++half) {
    shape.units[half] = half < layer.half_count
                            ? layer.halves[half].backend->description().units
                            : 0;
  }
  shape.rounding = layer.halves[0].backend->description().state_rounding;
  return shape;
}

template <typename T>
struct Scratch {
  T* halves[2];  // the outputs of a layer's two halves
  T* layers[2];  // the outputs of this layer and of the one below

  void Take(const StackCall& call, BumpAllocator& allocator) {
    size_t half_sizes[2] = {0, 0};
    size_t inner = 0;
    for (size_t i = 0; i < call.layers.size(); ++i) {
      const StackLayer& layer = call.layers[i];
      const MergeShape shape = ShapeOf(call, layer);
      if (i + 1 < call.layers.size()) {
        inner = std::max(inner, call.batch * shape.steps * WidthOf(layer));
      }
      if (layer.half_count == 1) continue;
      for (size_t half = 0; half < 2; ++half) {
        half_sizes[half] = std::max(
            half_sizes[half], call.batch * shape.steps * shape.units[half]);
      }
    }
    for (size_t i = 0; i < 2; ++i) {
      halves[i] = allocator.Take<T>(half_sizes[i]);
      layers[i] = allocator.Take<T>(inner);
    }
  }
};

// One call. `pass` is null when no gradients are wanted.
template <typename T>
class OneByOne {
 public:
  OneByOne(const StackCall& call, const ComputeOptions& options,
           GruStackPass* pass)
      : call_(call), options_(options), pass_(pass) {}

  void Take(BumpAllocator& allocator) { scratch_.Take(call_, allocator); }

  Status Run() {
    const void* inputs = call_.inputs;
    for (size_t i = 0; i < call_.layers.size(); ++i) {
      const bool last = i + 1 == call_.layers.size();
      void* const output = last ? call_.outputs[0] : scratch_.layers[i % 2];
      const Status status =
          RunLayer(i, inputs, {output, last && call_.output_is_bits});
      if (!status.ok()) return status;
      inputs = output;
    }
    return Status();
  }

 private:
  Status RunLayer(size_t index, const void* inputs,
                  const MergedOutput& output) {
    const StackLayer& layer = call_.layers[index];
    // These outputs need no merge, and go where the layer's output goes.
    const bool direct[2] = {
        layer.merge == Merge::kNone || layer.merge == Merge::kSeparate,
        layer.merge == Merge::kSeparate && !layer.return_sequences};
    LayerPass kept;
    kept.merge = layer.merge;
    for (size_t half = 0; half < layer.half_count; ++half) {
      GruCall call = CallOfHalf(call_, index, half, inputs);
      call.output = scratch_.halves[half];
      if (direct[half]) {
        call.output = half == 0 ? output.data : call_.outputs[1];
        call.output_is_bits = output.is_bits;
      }
      const GruBackend& backend = *layer.halves[half].backend;
      const Status status =
          pass_ == nullptr
              ? backend.Forward(call, options_)
              : backend.ForwardKeepingPass(call, options_, &kept.halves[half]);
      if (!status.ok()) return status;
    }
    if (layer.half_count == 2) MergeHalves(layer, direct[1], output);
    return pass_ == nullptr ? Status() : Keep(layer, std::move(kept));
  }

  void MergeHalves(const StackLayer& layer, bool second_is_written,
                   const MergedOutput& output) {
    const MergeShape shape = ShapeOf(call_, layer);
    const MergeRows rows = {0, call_.batch};
    if (layer.merge != Merge::kSeparate) {
      MergeOutputs<T>(layer.merge, shape, rows, scratch_.halves,
                      StepOrder::kReversed, output);
    } else if (!second_is_written) {
      CopyOutput<T>(shape, 1, rows, scratch_.halves[1], StepOrder::kReversed,
                    {call_.outputs[1], output.is_bits});
    }
  }

  Status Keep(const StackLayer& layer, LayerPass kept) {
    if (layer.merge == Merge::kMul) {
      const MergeShape shape = ShapeOf(call_, layer);
      const size_t count = call_.batch * shape.steps * shape.units[0];
      std::unique_ptr<const Workspace> memory(new (std::nothrow) Workspace(
          2 * count * sizeof(T), PassBytes(), Fit::kClose));
      if (memory == nullptr || memory->data() == nullptr) {
        return OutOfMemory(2 * count * sizeof(T),
                           "memory for what the gradients need");
      }
      T* const copies = static_cast<T*>(memory->data());
      for (size_t half = 0; half < 2; ++half) {
        CopyOutput<T>(shape, half, {0, call_.batch}, scratch_.halves[half],
                      half == 1 ? StepOrder::kReversed : StepOrder::kMerged,
                      {copies + half * count, false});
        kept.outputs[half] = copies + half * count;
      }
      pass_->Own(std::move(memory));
    }
    pass_->Add(std::move(kept));
    return Status();
  }

  const StackCall& call_;
  const ComputeOptions& options_;
  GruStackPass* const pass_;
  Scratch<T> scratch_;
};

template <typename T>
Status Run(OneByOne<T> stack) {
  BumpAllocator measure(nullptr);
  stack.Take(measure);
  const Workspace workspace(measure.used());
  if (workspace.data() == nullptr) {
    return OutOfMemory(measure.used(), "scratch memory for the call");
  }
  BumpAllocator allocator(workspace.data());
  stack.Take(allocator);
  return stack.Run();
}

}  // namespace

Status ForwardOneByOne(const StackCall& call, const ComputeOptions& options,
                       GruStackPass* pass) {
  return call.layers[0].halves[0].backend->description().dtype ==
                 Dtype::kFloat32
             ? Run(OneByOne<float>(call, options, pass))
             : Run(OneByOne<double>(call, options, pass));
}

}  // namespace cudnn_gru
