#ifndef CUDNN_GRU_CORE_HUGE_PAGES_H_
#define CUDNN_GRU_CORE_HUGE_PAGES_H_

#include <cstddef>

namespace cudnn_gru {

// The size, and the alignment, of a huge page.
constexpr size_t kHugePage = size_t{2} << 20;

// Asks for huge pages for a buffer that starts at the border of one, because
// they cause fewer misses of the address caches when every step reads megabytes
// of weights. Leaves the part of the buffer that fills no huge page as it is,
// so that no memory beyond the buffer is used. Does nothing where the system
// decides alone.
void AdviseHugePages(void* data, size_t bytes);

// Does the same for the whole huge pages inside an array that may start
// anywhere, if it is large enough to have one in any case. For a new array that
// is about to be written: the system then provides one page in place of 512.
void AdviseHugePagesInside(void* data, size_t bytes);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_HUGE_PAGES_H_
