#include "cpu/weights/layer_choice.h"

namespace cudnn_gru {
namespace {

// Weights of 16 bits are half as much to read, but must be widened each time.
// From so many bytes on, counted as float32, that is faster for one row, and
// not notably slower for many (bench/NOTES.md).
constexpr size_t kWidenedWhileLoaded = static_cast<size_t>(3) << 20;
// Pairs of bfloat16 are widened by one operation, other numbers by two.
constexpr size_t kPairsWidenedWhileLoaded = static_cast<size_t>(1) << 20;
// Dots need no widening.
constexpr size_t kPairsMultiplied = 0;

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

// Returns the size, counted as float32, from which on a layer uses `narrow`.
size_t LeastBytes(const LayerKernels<float>& narrow) {
  if (narrow.dots) return kPairsMultiplied;
  return narrow.format == WeightFormat::kBfloat16Pairs
             ? kPairsWidenedWhileLoaded
             : kWidenedWhileLoaded;
}

}  // namespace

const LayerKernels<float>& ChooseLayerKernels(const GruDescription& description,
                                              const KernelSet& kernels) {
  const LayerKernels<float>* const narrow =
      KernelsOf(description.state_rounding, kernels);
  if (narrow == nullptr) return kernels.f32.layer;
  const size_t bytes = (description.features + description.units) * kGates *
                       description.units * sizeof(float);
  return bytes < LeastBytes(*narrow) ? kernels.f32.layer : *narrow;
}

}  // namespace cudnn_gru
