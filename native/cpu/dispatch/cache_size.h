#ifndef CUDNN_GRU_CPU_DISPATCH_CACHE_SIZE_H_
#define CUDNN_GRU_CPU_DISPATCH_CACHE_SIZE_H_

#include <cstddef>

namespace cudnn_gru {

// Returns the bytes of the second-level cache of a core. It is 1 MiB where the
// CPU does not say: on architectures other than x86-64, and under some
// hypervisors.
size_t SecondCacheBytes();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_DISPATCH_CACHE_SIZE_H_
