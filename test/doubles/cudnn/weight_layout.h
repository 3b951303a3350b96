#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_WEIGHT_LAYOUT_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_WEIGHT_LAYOUT_H_

#include <cstddef>
#include <vector>

#include "cudnn/descriptors.h"
#include "cudnn/reference_gru.h"

// Where each matrix and bias lies in the weight space: an order and gaps that
// the real library does not use but its documentation allows. The last
// pseudo-layer comes first, and each has an order of its own.
namespace doubles {

struct PseudoLayerOffsets {
  size_t matrix[6];  // in bytes, by linLayerID
  size_t bias[6];
};

struct WeightLayout {
  explicit WeightLayout(const cudnnRNNStruct& rnn);

  std::vector<PseudoLayerOffsets> pseudo_layers;
  size_t bytes;
};

// The weights of each pseudo-layer. Aborts when a byte of a gap is not zero:
// the space was not zeroed.
std::vector<GruWeights> LoadWeights(const char* function,
                                    const cudnnRNNStruct& rnn,
                                    const char* space);

// Adds to what the space holds, as cuDNN does.
void AddWeights(const cudnnRNNStruct& rnn,
                const std::vector<GruWeights>& gradients, char* space);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_WEIGHT_LAYOUT_H_
