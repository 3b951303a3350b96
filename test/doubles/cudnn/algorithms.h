#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_ALGORITHMS_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_ALGORITHMS_H_

#include "cudnn/descriptors.h"

// The refusals and the wrong results of the algorithms beside the standard one,
// in the double: README.md, "Control", has the options.
namespace doubles {

// Where an algorithm may say that it does not support a call.
enum class Query { kSizes, kForward, kBackward };

// CUDNN_STATUS_NOT_SUPPORTED when the algorithm of `rnn` does not take `x`.
cudnnStatus_t CheckAlgorithm(const cudnnRNNStruct& rnn,
                             const cudnnRNNDataStruct& x, Query query);

// Counts a call that was queued, as "algorithm.<which>.<query>".
void CountAlgorithm(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x,
                    Query query);

// The number that is added to each state, and to each gradient of the inputs.
double StateError(const cudnnRNNStruct& rnn);
double GradientError(const cudnnRNNStruct& rnn);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_ALGORITHMS_H_
