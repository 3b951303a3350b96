#include "addon/keep_loaded.h"

namespace cudnn_gru {

// The linker's option "-z nodelete" has done it already. (musl never unloads.)
void KeepLoaded() {}

}  // namespace cudnn_gru
