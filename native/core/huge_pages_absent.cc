#include "core/huge_pages.h"

namespace cudnn_gru {

// macOS has no such advice for a program, and Windows gives large pages to
// those alone who have the privilege to lock memory.
void AdviseHugePages(void*, size_t) {}

void AdviseHugePagesInside(void*, size_t) {}

}  // namespace cudnn_gru
