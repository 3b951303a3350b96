#ifndef CUDNN_GRU_CUDNN_HOST_WORK_H_
#define CUDNN_GRU_CUDNN_HOST_WORK_H_

#include <cstddef>
#include <functional>

namespace cudnn_gru {

// Does work(begin, end) for parts of [0, count) that together are the whole, on
// at most `threads` threads of the process's team: as many as are worth their
// start for so many bytes, and this one alone when the team is at other work.
void DivideHostWork(int threads, size_t count, size_t bytes,
                    const std::function<void(size_t, size_t)>& work);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_HOST_WORK_H_
