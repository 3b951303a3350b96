#ifndef CUDNN_GRU_CORE_USABLE_CPUS_H_
#define CUDNN_GRU_CORE_USABLE_CPUS_H_

namespace cudnn_gru {

// CPUs this process may really use, at least 1: the affinity mask, cut down to
// the cgroup's CPU quota (v1 and v2) rounded up. Read anew at each call.
int UsableCpus();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_USABLE_CPUS_H_
