#ifndef CUDNN_GRU_CUDNN_HOST_WORK_H_
#define CUDNN_GRU_CUDNN_HOST_WORK_H_

#include <cstddef>
#include <functional>

namespace cudnn_gru {

// Divides [0, count) into parts and calls work(begin, end) for each, on at most
// `threads` threads of the process's team. Uses only as many threads as are
// worth waking for so many bytes, and only the calling thread when the team is
// busy.
void DivideHostWork(int threads, size_t count, size_t bytes,
                    const std::function<void(size_t, size_t)>& work);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_HOST_WORK_H_
