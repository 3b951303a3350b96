#ifndef CUDNN_GRU_CUDNN_RUNTIME_VERDICT_H_
#define CUDNN_GRU_CUDNN_RUNTIME_VERDICT_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "core/gru_description.h"
#include "core/status.h"
#include "cudnn/algorithm.h"
#include "cudnn/device.h"
#include "cudnn/self_check.h"

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

// Whether a verdict holds for the life of the process or is judged again.
enum class Validity { kFinal, kUntilRetry };

RuntimeVerdict Unmet(const std::string& reason,
                     Validity validity = Validity::kFinal);

// A failure that may pass, because others use the device, is not final.
Validity ValidityOf(const Status& failure);

// Keeps verdicts. It judges once, and once a second while the verdict is not
// final.
class VerdictCache {
 public:
  using Key = std::tuple<size_t, Dtype, StateRounding>;  // the device first

  // `judge` is given whether an earlier verdict was met. A device that has
  // worked stays eligible, whatever it returns then: from that time on its
  // failures are errors of the calls.
  RuntimeVerdict Find(const Key& key,
                      const std::function<RuntimeVerdict(bool met)>& judge);

 private:
  struct Judged {
    RuntimeVerdict verdict;
    std::chrono::milliseconds at;
  };

  std::mutex mutex_;
  std::map<Key, Judged> verdicts_;
};

// Sets the time that the caches read, for tests. It then stands still.
void SetRuntimeClock(std::chrono::milliseconds now);

// The outcome of trying the ways other than the plain standard algorithm.
struct WayTrials {
  // Names what does not work and why, such as ", without CUDA graphs
  // (<reason>)". It is empty when everything works.
  std::string without;
  bool final = true;  // whether all could be tried
  Status device;      // not ok when the device was lost
};

// Admits the algorithms that the data type may use, and CUDA graphs, each if
// its `check` succeeds.
WayTrials TryWays(Device& device, abi::cudnnDataType_t data_type, RnnKind kind,
                  const std::function<Status(const SelfCheckWay&)>& check);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_RUNTIME_VERDICT_H_
