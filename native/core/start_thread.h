#ifndef CUDNN_GRU_CORE_START_THREAD_H_
#define CUDNN_GRU_CORE_START_THREAD_H_

#include <cstddef>
#include <functional>

namespace cudnn_gru {

// The stack of the threads that StartThread starts. A thread that names no size
// gets 8 MB with glibc, but 128 KB with musl and 512 KB on macOS. The kernels
// need little, but CUDA's compiler may run on the threads of the executor. The
// system reserves addresses, and uses memory for what is written to.
constexpr size_t kThreadStackBytes = size_t{8} << 20;

// Starts a detached thread that runs `body`. Returns false when the system
// refuses.
[[nodiscard]] bool StartThread(std::function<void()> body);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_START_THREAD_H_
