#include <sys/mman.h>

#include <cstdint>

#include "core/huge_pages.h"

namespace cudnn_gru {

void AdviseHugePages(void* data, size_t bytes) {
  if (bytes < kHugePage) return;
  // A failure is ignored: without huge pages the buffer is slower, not wrong.
  (void)madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
}

void AdviseHugePagesInside(void* data, size_t bytes) {
  const uintptr_t start = reinterpret_cast<uintptr_t>(data);
  const size_t before = (kHugePage - start % kHugePage) % kHugePage;
  if (bytes < 2 * kHugePage) return;
  AdviseHugePages(static_cast<char*>(data) + before, bytes - before);
}

}  // namespace cudnn_gru
