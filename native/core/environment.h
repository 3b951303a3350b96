#ifndef CUDNN_GRU_CORE_ENVIRONMENT_H_
#define CUDNN_GRU_CORE_ENVIRONMENT_H_

#include <string>

#include "core/status.h"

namespace cudnn_gru {

// Most threads that CUDNN_GRU_THREADS and configure({ threads }) accept.
constexpr int kMaxThreads = 1024;

// CUDNN_GRU_THREADS when it is an integer in 1..kMaxThreads, else `fallback`.
int ThreadsFromEnvironment(int fallback);

// kArgument when CUDNN_GRU_THREADS is set to anything else.
Status CheckThreadsEnvironment();

// CUDNN_GRU_ISA, or an empty string.
std::string IsaFromEnvironment();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ENVIRONMENT_H_
