#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_WEIGHT_LAYOUT_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_WEIGHT_LAYOUT_H_

#include <cstddef>

#include "cudnn/descriptors.h"
#include "cudnn/reference_gru.h"

// Where each matrix and bias lies in the weight space: an order and gaps that
// the real library does not use but its documentation allows.
namespace doubles {

struct WeightLayout {
  explicit WeightLayout(const cudnnRNNStruct& rnn);

  size_t matrix[6];  // byte offsets by linLayerID
  size_t bias[6];
  size_t bytes;
};

// Aborts when a byte of a gap is not zero: the space was not zeroed.
GruWeights LoadWeights(const char* function, const cudnnRNNStruct& rnn,
                       const char* space);

// Adds to what the space holds, as cuDNN does.
void AddWeights(const cudnnRNNStruct& rnn, const GruWeights& gradients,
                char* space);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_WEIGHT_LAYOUT_H_
