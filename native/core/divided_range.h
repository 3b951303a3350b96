#ifndef CUDNN_GRU_CORE_DIVIDED_RANGE_H_
#define CUDNN_GRU_CORE_DIVIDED_RANGE_H_

#include <cstddef>
#include <functional>

namespace cudnn_gru {

// Calls body(begin, end) for ranges that together are [0, n) and do not
// overlap, in any order. The ranges have `step` elements, except the last one,
// and depend on nothing else. Up to `threads` threads of the team take one
// after the other. The calling thread waits for no thread that has not begun,
// and computes alone when another call has the team.
void ForEachRange(size_t n, size_t step, int threads,
                  const std::function<void(size_t begin, size_t end)>& body);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_DIVIDED_RANGE_H_
