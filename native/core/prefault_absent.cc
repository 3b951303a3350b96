#include "core/prefault.h"

namespace cudnn_gru {

// Only the cuDNN path prefaults, and it is for Linux.
void Prefault(void*, size_t) {}

}  // namespace cudnn_gru
