#include "api/cudnn_api.h"
#include "support/options.h"

// The double of libcudnn_ops.so.9.

DOUBLE_EXPORT cudnnStatus_t cudnnOpsVersionCheck(void) {
  return static_cast<cudnnStatus_t>(doubles::Option("ops_check", 0));
}
