#include "cudnn/sequence_gradients.h"

namespace cudnn_gru {

void SequenceGradientTensors::PackOutputGradient(const Chunk& chunk,
                                                 size_t begin, size_t end,
                                                 char* dy) const {
  packing_.PackOutputGradient(chunk, begin, end, d_output_, dy);
}

void SequenceGradientTensors::AddMaskedGradients(size_t begin, size_t end,
                                                 char* dy) const {
  packing_.AddMaskedGradients(begin, end, d_output_, dy);
}

void SequenceGradientTensors::UnpackInputGradient(const Chunk& chunk,
                                                  size_t begin, size_t end,
                                                  const char* dx) const {
  packing_.UnpackInputGradient(chunk, begin, end, dx, d_inputs_);
}

void SequenceGradientTensors::ZeroMaskedInputGradients(size_t begin,
                                                       size_t end) const {
  packing_.ZeroMaskedGradients(begin, end, d_inputs_);
}

}  // namespace cudnn_gru
