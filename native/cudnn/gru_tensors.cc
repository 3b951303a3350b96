#include "cudnn/gru_tensors.h"

#include "cudnn/element_format.h"

namespace cudnn_gru {

void GruForwardTensors::PackInitialStates(size_t begin, size_t end,
                                          char* hx) const {
  packing_.PackInitialState(begin, end, call_.initial_state, hx);
}

void GruForwardTensors::PackInputs(const Chunk& chunk, size_t begin, size_t end,
                                   char* x) const {
  packing_.PackInputs(chunk, begin, end, call_.inputs, x);
}

void GruForwardTensors::UnpackOutput(const Chunk& chunk, size_t begin,
                                     size_t end, const char* y) const {
  packing_.UnpackOutput(chunk, begin, end, y, call_.output);
}

void GruForwardTensors::FinishOutput(size_t begin, size_t end,
                                     const char* hy) const {
  if (call_.return_sequences) {
    packing_.FillMaskedOutputs(begin, end, call_.output);
  } else {
    packing_.UnpackLastOutput(begin, end, hy, call_.output);
  }
}

void GruForwardTensors::UnpackStates(size_t begin, size_t end,
                                     const char* hy) const {
  packing_.UnpackState(begin, end, hy, call_.initial_state, call_.state);
}

void GruGradientTensors::PackStateGradients(size_t begin, size_t end,
                                            char* dhy) const {
  packing().PackStateGradient(begin, end, gradients_.d_output,
                              gradients_.d_state, dhy);
}

std::vector<HostRange> GruGradientTensors::Results() const {
  const size_t row = 3 * description_.units * DtypeSize(description_.dtype);
  return {InputGradient(),
          {gradients_.d_kernel, description_.features * row},
          {gradients_.d_recurrent_kernel, description_.units * row}};
}

void GruGradientTensors::UnpackInitialStateGradients(size_t begin, size_t end,
                                                     const char* dhx) const {
  if (gradients_.d_initial_state == nullptr) return;
  packing().UnpackInitialStateGradient(begin, end, dhx, gradients_.d_state,
                                       gradients_.d_initial_state);
}

void GruGradientTensors::UnpackWeightGradients(const WeightLayout& layout,
                                               const char* space,
                                               int threads) const {
  UnpackWeights(
      description_, layout.pseudo_layers[0], space,
      {gradients_.d_kernel, gradients_.d_recurrent_kernel, gradients_.d_bias},
      threads);
}

void GruGradientTensors::ZeroWeightGradients() const {
  ZeroWeights(description_, {gradients_.d_kernel, gradients_.d_recurrent_kernel,
                             gradients_.d_bias});
}

}  // namespace cudnn_gru
