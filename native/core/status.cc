#include "core/status.h"

namespace cudnn_gru {

Status Aborted() {
  return Status(StatusCode::kAborted, "The call was aborted.");
}

Status OutOfMemory(size_t bytes, const char* purpose) {
  return Status(StatusCode::kOutOfMemory,
                "Expected " + std::to_string(bytes) + " bytes of " + purpose +
                    " but the system has no more to give.");
}

}  // namespace cudnn_gru
