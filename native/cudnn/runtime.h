#ifndef CUDNN_GRU_CUDNN_RUNTIME_H_
#define CUDNN_GRU_CUDNN_RUNTIME_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "core/gru_call.h"

namespace cudnn_gru {

struct CudaDeviceInfo {
  std::string name;
  int major = 0;  // compute capability
  int minor = 0;
  size_t total_memory = 0;  // bytes
};

// What this machine has. `reason` is one sentence where something is missing,
// `version` and `path` are empty where they are not known.
struct CudaInfo {
  bool available = false;
  bool may_change = false;  // it may be available later
  std::string reason;
  std::string driver;
  std::vector<CudaDeviceInfo> devices;
};
struct CudnnInfo {
  bool available = false;
  std::string reason;
  std::string version;
  std::string path;
  std::vector<std::string> tried;
};

// Create no CUDA context, and neither fail, abort nor print.
CudaInfo QueryCuda();
CudnnInfo QueryCudnn();

// Whether calls of one type can run on a device with cuDNN, and why (not).
struct RuntimeVerdict {
  bool met = false;
  std::string detail;  // one sentence
  // Whether it holds for the life of the process. One that is met does; but the
  // algorithms may not have been tried to the end.
  bool final = true;
};

// Judged once per device and type, by running a tiny call and comparing it with
// the scalar reference. A verdict that others' use of the device brought about
// is not kept: after a second it is judged again.
RuntimeVerdict JudgeRuntime(size_t device, Dtype dtype,
                            StateRounding state_rounding);

// For tests: the time by which JudgeRuntime goes, which then stands still.
void SetRuntimeClock(std::chrono::milliseconds now);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_RUNTIME_H_
