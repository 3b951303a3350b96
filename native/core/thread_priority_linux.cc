#include <sys/resource.h>

#include "core/thread_priority.h"

namespace cudnn_gru {

// POSIX has one nice value for the whole process, but Linux has one for each
// thread, and 0 means the calling thread.
void GiveWay() {
  constexpr int kNicer = 10;
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kNicer);
}

}  // namespace cudnn_gru
