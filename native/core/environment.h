#ifndef CUDNN_GRU_CORE_ENVIRONMENT_H_
#define CUDNN_GRU_CORE_ENVIRONMENT_H_

#include <string>

#include "core/status.h"

namespace cudnn_gru {

// The largest number that CUDNN_GRU_THREADS and configure({ threads }) accept.
constexpr int kMaxThreads = 1024;

// Returns the value of CUDNN_GRU_THREADS when it is an integer from 1 to
// kMaxThreads, else `fallback`.
int ThreadsFromEnvironment(int fallback);

// Returns kArgument when CUDNN_GRU_THREADS is set to anything else.
Status CheckThreadsEnvironment();

// Returns the value of CUDNN_GRU_ISA, or an empty string when it is not set.
std::string IsaFromEnvironment();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ENVIRONMENT_H_
