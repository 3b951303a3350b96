#ifndef CUDNN_GRU_CUDNN_RUNTIME_H_
#define CUDNN_GRU_CUDNN_RUNTIME_H_

#include <chrono>
#include <cstddef>
#include <string>

#include "core/gru_call.h"

namespace cudnn_gru {

// Whether cuDNN can compute calls with one data type on a device, and why.
struct RuntimeVerdict {
  bool met = false;
  std::string detail;  // one sentence
  // Whether this verdict holds for the life of the process. A verdict that is
  // met stays met, but it is not final while some algorithms could not be
  // tried.
  bool final = true;
};

// Judges a device and a data type by running a tiny call and comparing it with
// the scalar reference. This happens once, except that a verdict caused by
// other users of the device is judged again after a second.
RuntimeVerdict JudgeRuntime(size_t device, Dtype dtype,
                            StateRounding state_rounding);

// Sets the time that JudgeRuntime reads, for tests. It then stands still.
void SetRuntimeClock(std::chrono::milliseconds now);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_RUNTIME_H_
