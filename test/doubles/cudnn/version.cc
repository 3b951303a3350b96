#include "api/cudnn_api.h"
#include "support/options.h"

DOUBLE_EXPORT cudnnStatus_t cudnnAdvVersionCheck(void) {
  return static_cast<cudnnStatus_t>(doubles::Option("adv_check", 0));
}
