#include "cpu/weights/layer_choice.h"

namespace cudnn_gru {
namespace {

const LayerKernels<float>* KernelsOf(StateRounding rounding,
                                     const KernelSet& kernels) {
  switch (rounding) {
    case StateRounding::kFloat16:
      return kernels.float16_layer;
    case StateRounding::kBfloat16:
      return kernels.bfloat16_layer;
    default:
      return nullptr;
  }
}

}  // namespace

const LayerKernels<float>& ChooseLayerKernels(const GruDescription& description,
                                              const KernelSet& kernels) {
  const LayerKernels<float>* const narrow =
      KernelsOf(description.state_rounding, kernels);
  if (narrow == nullptr) return kernels.f32.layer;
  const size_t bytes = (description.features + description.units) * kGates *
                       description.units * sizeof(float);
  return bytes < narrow->least_bytes ? kernels.f32.layer : *narrow;
}

}  // namespace cudnn_gru
