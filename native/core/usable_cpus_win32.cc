#include <windows.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/usable_cpus.h"

namespace cudnn_gru {
namespace {

// Returns the numbers of the processor groups on which this process has
// threads. A group has at most 64 processors.
std::vector<USHORT> ProcessGroups() {
  USHORT count = 8;
  std::vector<USHORT> groups;
  do {
    groups.resize(count);
    if (GetProcessGroupAffinity(GetCurrentProcess(), &count, groups.data())) {
      groups.resize(count);
      return groups;
    }
  } while (GetLastError() == ERROR_INSUFFICIENT_BUFFER &&
           count > groups.size());
  return {};
}

int AffinityCpus() {
  const std::vector<USHORT> groups = ProcessGroups();
  if (groups.size() > 1) {
    // A process of several groups has no affinity mask.
    DWORD cpus = 0;
    for (const USHORT group : groups) cpus += GetActiveProcessorCount(group);
    return static_cast<int>(cpus);
  }
  DWORD_PTR process = 0;
  DWORD_PTR system = 0;
  int cpus = 0;
  if (GetProcessAffinityMask(GetCurrentProcess(), &process, &system)) {
    for (; process != 0; process &= process - 1) ++cpus;
  }
  if (cpus > 0) return cpus;
  return static_cast<int>(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS));
}

// Returns the quota, in CPUs, of the job that this process belongs to.
// Containers use such jobs. The system counts the quota in hundredths of a
// percent of all processors.
double JobCpus() {
  JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate = {};
  if (!QueryInformationJobObject(nullptr, JobObjectCpuRateControlInformation,
                                 &rate, sizeof rate, nullptr) ||
      (rate.ControlFlags & JOB_OBJECT_CPU_RATE_CONTROL_ENABLE) == 0) {
    return INFINITY;
  }
  double hundredths = INFINITY;
  if (rate.ControlFlags & JOB_OBJECT_CPU_RATE_CONTROL_MIN_MAX_RATE) {
    // The upper half of the union; the headers of mingw do not name it.
    hundredths = rate.CpuRate >> 16;
  } else if (rate.ControlFlags & JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP) {
    hundredths = rate.CpuRate;
  }
  return hundredths / 10000 * GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
}

}  // namespace

int UsableCpus() {
  int cpus = std::max(1, AffinityCpus());
  const double quota = JobCpus();
  if (quota < cpus) cpus = std::max(1, static_cast<int>(std::ceil(quota)));
  return cpus;
}

}  // namespace cudnn_gru
