#ifndef CUDNN_GRU_CUDNN_HOST_WORK_H_
#define CUDNN_GRU_CUDNN_HOST_WORK_H_

#include <cstddef>
#include <functional>
#include <vector>

namespace cudnn_gru {

// Divides [0, count) into parts and calls work(begin, end) for each, on at most
// `threads` threads of the process's team. Uses only as many threads as are
// worth waking for so many bytes, and only the calling thread when the team is
// busy. The calling thread goes on while the others wake.
void DivideHostWork(int threads, size_t count, size_t bytes,
                    const std::function<void(size_t, size_t)>& work);

// A part of the host's memory.
struct HostRange {
  void* data;
  size_t bytes;
};

// Has the system provide the pages of the larger ranges, to which results will
// be written.
void PrefaultResults(int threads, const std::vector<HostRange>& ranges);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_HOST_WORK_H_
