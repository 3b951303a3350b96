#include "cpu/stack/stack_job.h"

namespace cudnn_gru {
namespace {

template <typename T>
void Merged(const LayerJob& layer, const MergeRows& rows) {
  const HalfJob& first = layer.halves[0];
  const GruDescription& description = first.weights->description();
  MergeShape shape;
  shape.steps = first.call.return_sequences ? first.call.timesteps : 1;
  shape.units[0] = description.units;
  shape.units[1] = layer.halves[1].weights->description().units;
  shape.rounding = description.state_rounding;
  const T* const outputs[2] = {
      static_cast<const T*>(first.call.output),
      static_cast<const T*>(layer.halves[1].call.output)};
  MergeOutputs<T>(layer.merge, shape, rows, outputs, StepOrder::kMerged,
                  layer.output);
}

}  // namespace

void MergeLayer(const LayerJob& layer, const MergeRows& rows) {
  if (layer.halves[0].weights->description().dtype == Dtype::kFloat32) {
    Merged<float>(layer, rows);
  } else {
    Merged<double>(layer, rows);
  }
}

}  // namespace cudnn_gru
