#ifndef CUDNN_GRU_CORE_PREFAULT_H_
#define CUDNN_GRU_CORE_PREFAULT_H_

#include <cstddef>

namespace cudnn_gru {

// Has the system provide the pages of a buffer now, and not at the first write
// to each. Changes no byte. The calling thread must be allowed to write to the
// buffer, and nobody else may write to it meanwhile. Does nothing on systems
// other than Linux.
void Prefault(void* data, size_t bytes);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_PREFAULT_H_
