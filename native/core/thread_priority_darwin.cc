#include <pthread.h>
#include <pthread/qos.h>

#include "core/thread_priority.h"

namespace cudnn_gru {

// The nice value belongs to the whole process here. The quality of service
// stays the default one, because a lower class would send the thread to the
// efficiency cores.
void GiveWay() {
  constexpr int kLower = -10;
  pthread_set_qos_class_self_np(QOS_CLASS_DEFAULT, kLower);
}

}  // namespace cudnn_gru
