#include "api/cudnn_api.h"
#include "support/options.h"

// The double of libcudnn_graph.so.9: versions only.

DOUBLE_EXPORT size_t cudnnGetVersion(void) {
  return static_cast<size_t>(doubles::Option("cudnn", 92400));
}

DOUBLE_EXPORT size_t cudnnGetCudartVersion(void) {
  return static_cast<size_t>(doubles::Option("cudart", 13030));
}

DOUBLE_EXPORT cudnnStatus_t cudnnGraphVersionCheck(void) {
  return static_cast<cudnnStatus_t>(doubles::Option("graph_check", 0));
}
