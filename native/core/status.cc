#include "core/status.h"

namespace cudnn_gru {

Status OutOfMemory(size_t bytes, const char* purpose) {
  return Status(StatusCode::kOutOfMemory,
                "Expected " + std::to_string(bytes) + " bytes of " + purpose +
                    " but the system has no more to give");
}

}  // namespace cudnn_gru
