#ifndef CUDNN_GRU_CORE_USABLE_CPUS_H_
#define CUDNN_GRU_CORE_USABLE_CPUS_H_

namespace cudnn_gru {

// Returns the number of CPUs that this process may really use, at least 1. On
// Linux these are those of the affinity mask, but no more than the CPU quota of
// the cgroup (v1 or v2), rounded up. On Windows the affinity and the quota of
// the job count. On macOS these are the performance cores, because the threads
// of a call get equal parts, and the slowest one decides. Reads everything anew
// at each call.
int UsableCpus();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_USABLE_CPUS_H_
