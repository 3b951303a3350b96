#include "cudnn/stack/stack_calls.h"

#include "cudnn/element_format.h"

namespace cudnn_gru {
namespace {

// Whether the output of a half needs no merge, so that it is written in the
// caller's format.
bool IsCallersOutput(const StackCall& call, size_t layer) {
  const Merge merge = call.layers[layer].merge;
  return layer + 1 == call.layers.size() &&
         (merge == Merge::kNone || merge == Merge::kSeparate);
}

}  // namespace

StackCalls::StackCalls(const RnnShape& shape, const StackCall& call,
                       const Chunking& chunking)
    : directions_(shape.directions),
      state_bytes_(chunking.chunks.empty()
                       ? 0
                       : chunking.chunks[0].rows * shape.first.units *
                             ElementFormat(shape.first).device_bytes()) {
  // The packings refer to the calls, which must not move.
  calls_.reserve(shape.pseudo_layers());
  packings_.reserve(shape.pseudo_layers());
  for (size_t i = 0; i < shape.pseudo_layers(); ++i) {
    const size_t layer = i / shape.directions;
    calls_.push_back(CallOfHalf(call, layer, i % shape.directions,
                                layer == 0 ? call.inputs : nullptr));
    calls_.back().output_is_bits =
        call.output_is_bits && IsCallersOutput(call, layer);
    packings_.emplace_back(shape.DescriptionOf(i), calls_.back(), chunking);
  }
}

StackCall WithoutPointers(const StackCall& call) {
  StackCall copy;
  copy.batch = call.batch;
  copy.timesteps = call.timesteps;
  for (const StackLayer& layer : call.layers) {
    StackLayer made;
    made.half_count = layer.half_count;
    made.merge = layer.merge;
    made.return_sequences = layer.return_sequences;
    for (size_t half = 0; half < layer.half_count; ++half) {
      made.halves[half].go_backwards = layer.halves[half].go_backwards;
      made.halves[half].zero_output_for_mask =
          layer.halves[half].zero_output_for_mask;
    }
    copy.layers.push_back(made);
  }
  return copy;
}

MergeShape MergeShapeOf(const RnnShape& shape, const StackCall& call) {
  const bool sequences = call.layers.back().return_sequences;
  return {sequences ? call.timesteps : 1,
          {shape.first.units, shape.first.units},
          shape.first.state_rounding};
}

size_t HalfOutputSize(const RnnShape& shape, const StackCall& call) {
  return call.batch * MergeShapeOf(shape, call).steps * shape.first.units;
}

}  // namespace cudnn_gru
