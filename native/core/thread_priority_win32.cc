#include <windows.h>

#include "core/thread_priority.h"

namespace cudnn_gru {

void GiveWay() {
  SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL);
}

}  // namespace cudnn_gru
