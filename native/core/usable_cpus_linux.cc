#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#include "core/usable_cpus.h"

namespace cudnn_gru {
namespace {

int AffinityCpus() {
  // cpu_set_t has room for 1,024 CPUs. On a larger machine the call fails with
  // EINVAL until the set is large enough.
  for (int cpus = 1024; cpus <= (1 << 20); cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<size_t>(cpus));
    if (set == nullptr) break;
    const size_t size = CPU_ALLOC_SIZE(static_cast<size_t>(cpus));
    const int count =
        sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Returns the quota, in CPUs, of a cgroup v2 folder. Its file says, for
// example, "max 100000" or "150000 100000".
double QuotaV2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) {
    return INFINITY;
  }
  return std::strtod(quota.c_str(), nullptr) / period;
}

double QuotaV1(const std::string& folder) {
  double quota = -1;
  double period = 0;
  std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;
  std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  return quota > 0 && period > 0 ? quota / period : INFINITY;
}

// Returns the lowest quota of this process's cgroup and its ancestors. Inside a
// container, /proc/self/cgroup may name a folder of the host. The walk up then
// ends at the root of the mount, which is the container's own group.
double CgroupCpus() {
  double least = INFINITY;
  std::ifstream groups("/proc/self/cgroup");
  std::string line;
  while (std::getline(groups, line)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool v2 = controllers.empty();
    const std::string padded = "," + controllers + ",";
    if (!v2 && padded.find(",cpu,") == std::string::npos) continue;
    std::string path = line.substr(second + 1);
    const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    for (;;) {
      if (path == "/") path.clear();
      least = std::min(least, v2 ? QuotaV2(root + path) : QuotaV1(root + path));
      const size_t parent = path.find_last_of('/');
      if (parent == std::string::npos) break;
      path.resize(parent);
    }
  }
  return least;
}

}  // namespace

int UsableCpus() {
  int cpus = AffinityCpus();
  const double quota = CgroupCpus();
  if (quota < cpus) cpus = std::max(1, static_cast<int>(std::ceil(quota)));
  return cpus;
}

}  // namespace cudnn_gru
