#include <sys/mman.h>

#include "core/huge_pages.h"

namespace cudnn_gru {

void AdviseHugePages(void* data, size_t bytes) {
  if (bytes < kHugePage) return;
  // A failure is ignored: without huge pages the buffer is slower, not wrong.
  (void)madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
}

}  // namespace cudnn_gru
