#include <sys/sysctl.h>

#include <algorithm>
#include <thread>

#include "core/usable_cpus.h"

namespace cudnn_gru {
namespace {

// Returns a number that the system tells, or 0 when it does not know the name.
int SystemNumber(const char* name) {
  int number = 0;
  size_t size = sizeof number;
  return sysctlbyname(name, &number, &size, nullptr, 0) == 0 ? number : 0;
}

}  // namespace

int UsableCpus() {
  // Level 0 are the fastest cores. Processors of Intel, and versions before
  // macOS 12, have no levels.
  for (const char* name :
       {"hw.perflevel0.logicalcpu", "hw.activecpu", "hw.logicalcpu"}) {
    const int cpus = SystemNumber(name);
    if (cpus > 0) return cpus;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace cudnn_gru
