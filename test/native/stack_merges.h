#ifndef CUDNN_GRU_TEST_NATIVE_STACK_MERGES_H_
#define CUDNN_GRU_TEST_NATIVE_STACK_MERGES_H_

#include <algorithm>
#include <vector>

#include "core/half.h"
#include "core/merge.h"
#include "stack_spec.h"

namespace cudnn_gru_test {

// The merges of a Bidirectional and their gradients, in the plainest way, for
// stack_problem.h to compare with.

// Returns the values, rounded to the stack's 16-bit type.
template <typename T>
std::vector<T> Rounded(const StackSpec& spec, std::vector<T> values) {
  cudnn_gru::RoundValues(spec.rounding, values.data(), values.size());
  return values;
}

// Returns the number of steps of all rows of a layer's output.
inline size_t Steps(const StackSpec& spec, const LayerSpec& layer) {
  return spec.batch * (layer.return_sequences ? spec.timesteps : 1);
}

// Reverses the steps of a backward half's output, unless it is of the last step
// alone.
template <typename T>
void Reverse(const StackSpec& spec, const LayerSpec& layer,
             std::vector<T>* output) {
  const size_t units = layer.halves[1].units;
  if (!layer.return_sequences) return;
  const size_t steps = spec.timesteps;
  for (size_t row = 0; row < spec.batch; ++row) {
    for (size_t step = 0; step < steps / 2; ++step) {
      T* const a = output->data() + (row * steps + step) * units;
      T* const b = output->data() + (row * steps + steps - 1 - step) * units;
      std::swap_ranges(a, a + units, b);
    }
  }
}

// Merges the outputs of a layer's halves, in the order of the inputs.
template <typename T>
std::vector<T> Merged(const StackSpec& spec, const LayerSpec& layer,
                      const std::vector<T>* outputs) {
  using cudnn_gru::Merge;
  const std::vector<T>& a = outputs[0];
  if (layer.merge == Merge::kNone || layer.merge == Merge::kSeparate) {
    return a;
  }
  const std::vector<T>& b = outputs[1];
  std::vector<T> merged;
  if (layer.merge == Merge::kConcat) {
    for (size_t step = 0; step < Steps(spec, layer); ++step) {
      for (size_t i = 0; i < 2; ++i) {
        const size_t units = layer.halves[i].units;
        const T* const from = outputs[i].data() + step * units;
        merged.insert(merged.end(), from, from + units);
      }
    }
    return merged;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    const T value = layer.merge == Merge::kMul ? a[i] * b[i] : a[i] + b[i];
    merged.push_back(value);
  }
  merged = Rounded(spec, merged);
  if (layer.merge == Merge::kAve) {
    for (T& value : merged) value = value / T(2);
    merged = Rounded(spec, merged);
  }
  return merged;
}

// Returns the gradient of one half's output, in the order of its own steps,
// from that of the merged output. With kSeparate, that is the half's own.
template <typename T>
std::vector<T> HalfGradient(const StackSpec& spec, const LayerSpec& layer,
                            size_t half, const std::vector<T>& d_merged,
                            const std::vector<T>* outputs) {
  using cudnn_gru::Merge;
  std::vector<T> d_output = d_merged;
  const size_t units = layer.halves[half].units;
  if (layer.merge == Merge::kConcat) {
    const size_t first = half == 0 ? 0 : layer.halves[0].units;
    const size_t width = layer.halves[0].units + layer.halves[1].units;
    d_output.clear();
    for (size_t step = 0; step < Steps(spec, layer); ++step) {
      const T* const from = d_merged.data() + step * width + first;
      d_output.insert(d_output.end(), from, from + units);
    }
  }
  for (size_t i = 0; i < d_output.size(); ++i) {
    if (layer.merge == Merge::kAve) d_output[i] = d_output[i] / T(2);
    if (layer.merge == Merge::kMul) {
      d_output[i] = d_output[i] * outputs[1 - half][i];
    }
  }
  if (cudnn_gru::IsArithmetic(layer.merge) && layer.merge != Merge::kSum) {
    d_output = Rounded(spec, d_output);
  }
  if (half == 1) Reverse(spec, layer, &d_output);
  return d_output;
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_STACK_MERGES_H_
