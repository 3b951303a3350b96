#ifndef CUDNN_GRU_CORE_THREAD_PRIORITY_H_
#define CUDNN_GRU_CORE_THREAD_PRIORITY_H_

namespace cudnn_gru {

// Makes the calling thread give way to event loops. A thread of equal priority
// that wakes up may have to wait until the time slices of running calls end.
void GiveWay();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_THREAD_PRIORITY_H_
