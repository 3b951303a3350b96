#include "cudnn/algorithms.h"

#include <algorithm>
#include <string>

#include "cudnn/errors.h"

namespace doubles {
namespace {

bool IsSmall(const cudnnRNNStruct& rnn) {
  return rnn.algorithm == CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H;
}

bool IsStatic(const cudnnRNNStruct& rnn) {
  return rnn.algorithm == CUDNN_RNN_ALGO_PERSIST_STATIC;
}

std::string NameOf(const cudnnRNNStruct& rnn) {
  return IsSmall(rnn) ? "small" : IsStatic(rnn) ? "static" : "standard";
}

// An option such as small_h_sizes, which holds a bit for each layout, 1
// batch-major and 2 time-major, for layers with more units than the option
// small_h_units says.
bool Refuses(const char* what, const cudnnRNNStruct& rnn,
             cudnnRNNDataLayout_t layout) {
  const int bit = layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED ? 1 : 2;
  const std::string prefix = IsSmall(rnn) ? "small_h_" : "static_";
  return (Option((prefix + what).c_str(), 0) & bit) != 0 &&
         rnn.hidden_size > Option((prefix + "units").c_str(), 0);
}

double Error(const char* option) {
  return static_cast<double>(Option(option, 0)) * 1e-12;
}

}  // namespace

cudnnStatus_t CheckAlgorithm(const cudnnRNNStruct& rnn,
                             const cudnnRNNDataStruct& x, Query query) {
  if (rnn.algorithm == CUDNN_RNN_ALGO_STANDARD) return CUDNN_STATUS_SUCCESS;
  // Seen in 9.24 for a GPU of compute capability 9.0, and in 9.19 on one.
  NOT_SUPPORTED_IF(!IsSmall(rnn) && !IsStatic(rnn));
  NOT_SUPPORTED_IF(rnn.hidden_size > (IsSmall(rnn) ? 192 : 1024));
  if (query == Query::kSizes) {
    NOT_SUPPORTED_IF(Refuses("sizes", rnn, x.layout));
    return CUDNN_STATUS_SUCCESS;
  }
  // The sizes are returned all the same.
  const bool variable =
      std::any_of(x.lengths.begin(), x.lengths.end(),
                  [&](int length) { return length != x.max_length; });
  NOT_SUPPORTED_IF(variable);
  NOT_SUPPORTED_IF(query == Query::kForward &&
                   Refuses("forward", rnn, x.layout));
  NOT_SUPPORTED_IF(query == Query::kBackward &&
                   Refuses("backward", rnn, x.layout));
  return CUDNN_STATUS_SUCCESS;
}

void CountAlgorithm(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x,
                    Query query) {
  const bool batch_major =
      x.layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED;
  const std::string which = NameOf(rnn) + (batch_major ? "" : "_time_major");
  const char* const what = query == Query::kForward ? ".forward" : ".backward";
  Count(("algorithm." + which + what).c_str(), 1);
}

double StateError(const cudnnRNNStruct& rnn) {
  const bool stack = rnn.layers > 1 || Directions(rnn) > 1;
  return Error(IsSmall(rnn)    ? "small_h_error"
               : IsStatic(rnn) ? "static_error"
                               : "error") +
         (stack ? Error("stack_error") : 0);
}

double GradientError(const cudnnRNNStruct& rnn) {
  return IsSmall(rnn) ? Error("small_h_gradient_error") : 0;
}

}  // namespace doubles
