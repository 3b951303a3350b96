#include "cudnn/algorithms.h"

#include <algorithm>
#include <string>

#include "cudnn/errors.h"

namespace doubles {
namespace {

bool IsSmall(const cudnnRNNStruct& rnn) {
  return rnn.algorithm == CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H;
}

// An option that holds a bit for each layout, 1 batch-major and 2 time-major,
// for layers with more units than the option `small_h_units` says.
bool Refuses(const char* option, const cudnnRNNStruct& rnn,
             cudnnRNNDataLayout_t layout) {
  const int bit = layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED ? 1 : 2;
  return (Option(option, 0) & bit) != 0 &&
         rnn.hidden_size > Option("small_h_units", 0);
}

double Error(const char* option) {
  return static_cast<double>(Option(option, 0)) * 1e-12;
}

}  // namespace

cudnnStatus_t CheckAlgorithm(const cudnnRNNStruct& rnn,
                             const cudnnRNNDataStruct& x, Query query) {
  if (rnn.algorithm == CUDNN_RNN_ALGO_STANDARD) return CUDNN_STATUS_SUCCESS;
  // Seen in 9.24 for a GPU of compute capability 9.0.
  NOT_SUPPORTED_IF(!IsSmall(rnn) || rnn.hidden_size > 192);
  if (query == Query::kSizes) {
    NOT_SUPPORTED_IF(Refuses("small_h_sizes", rnn, x.layout));
    return CUDNN_STATUS_SUCCESS;
  }
  // The sizes are returned all the same.
  const bool variable =
      std::any_of(x.lengths.begin(), x.lengths.end(),
                  [&](int length) { return length != x.max_length; });
  NOT_SUPPORTED_IF(variable);
  NOT_SUPPORTED_IF(query == Query::kForward &&
                   Refuses("small_h_forward", rnn, x.layout));
  NOT_SUPPORTED_IF(query == Query::kBackward &&
                   Refuses("small_h_backward", rnn, x.layout));
  return CUDNN_STATUS_SUCCESS;
}

void CountAlgorithm(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x,
                    Query query) {
  const bool batch_major =
      x.layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED;
  const std::string which = !IsSmall(rnn) ? "standard"
                            : batch_major ? "small"
                                          : "small_time_major";
  const char* const what = query == Query::kForward ? ".forward" : ".backward";
  Count(("algorithm." + which + what).c_str(), 1);
}

double StateError(const cudnnRNNStruct& rnn) {
  const bool stack = rnn.layers > 1 || Directions(rnn) > 1;
  return Error(IsSmall(rnn) ? "small_h_error" : "error") +
         (stack ? Error("stack_error") : 0);
}

double GradientError(const cudnnRNNStruct& rnn) {
  return IsSmall(rnn) ? Error("small_h_gradient_error") : 0;
}

}  // namespace doubles
