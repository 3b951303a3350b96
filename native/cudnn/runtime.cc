#include "cudnn/runtime.h"

#include <atomic>
#include <map>
#include <mutex>
#include <tuple>

#include "cudnn/cuda_info.h"
#include "cudnn/device.h"
#include "cudnn/element_format.h"
#include "cudnn/libraries.h"
#include "cudnn/library_status.h"
#include "cudnn/self_check.h"

namespace cudnn_gru {
namespace {

constexpr size_t kBfloat16Cudnn = 91300;

// Returns the sentence that says why the device or cuDNN is too old, or an
// empty text.
std::string CheckCapability(const CudaDeviceInfo& device,
                            StateRounding rounding) {
  const CudnnLibrary& cudnn = *FindCudnn().library;
  const int capability = device.major * 10 + device.minor;
  const std::string has = device.name + " has compute capability " +
                          std::to_string(device.major) + "." +
                          std::to_string(device.minor) + ".";
  // NVIDIA builds cuDNN 9 for 7.5 and later with CUDA 13, and for 5.0 and later
  // with CUDA 12.
  const bool cuda13 = cudnn.cudart_version >= 13000;
  if (capability < (cuda13 ? 75 : 50)) {
    return "cuDNN " + FindCudnn().version + " needs a GPU of compute " +
           "capability " + (cuda13 ? "7.5" : "5.0") + " or later, and " + has;
  }
  if (rounding == StateRounding::kBfloat16) {
    if (cudnn.version < kBfloat16Cudnn) {
      return "bfloat16 needs cuDNN " + CudnnVersionText(kBfloat16Cudnn) +
             " or later, and this is " + FindCudnn().version + ".";
    }
    if (capability < 80) {
      return "bfloat16 needs a GPU of compute capability 8.0 or later, and " +
             has;
    }
  }
  return "";
}

// How long a verdict that is not final counts.
constexpr std::chrono::milliseconds kRetryAfter{1000};

// The time that a test has set, or a number below zero.
std::atomic<int64_t> set_clock{-1};

std::chrono::milliseconds Now() {
  const int64_t set = set_clock.load();
  if (set >= 0) return std::chrono::milliseconds(set);
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

// Whether a verdict holds for the life of the process or is judged again.
enum class Validity { kFinal, kUntilRetry };

RuntimeVerdict Unmet(const std::string& reason,
                     Validity validity = Validity::kFinal) {
  return {false, reason, validity == Validity::kFinal};
}

// A failure that may pass, because others use the device, is not final.
Validity ValidityOf(const Status& failure) {
  const bool may_pass = failure.remedy() == Remedy::kAgain ||
                        failure.code() == StatusCode::kOutOfMemory;
  return may_pass ? Validity::kUntilRetry : Validity::kFinal;
}

// Returns the data type of the elements on the device.
abi::cudnnDataType_t DataType(Dtype dtype, StateRounding rounding) {
  GruDescription description;
  description.dtype = dtype;
  description.state_rounding = rounding;
  return ElementFormat(description).data_type();
}

// Tries the algorithms other than the standard one, which is known to work, and
// admits those that work too. When one does not work, only the detail of the
// verdict changes, unless the device was lost, for then nothing works any more.
RuntimeVerdict JudgeAlgorithms(size_t index, Dtype dtype,
                               StateRounding rounding) {
  const CudaInfo cuda = QueryCuda();
  if (index >= cuda.devices.size())
    return Unmet(cuda.reason, Validity::kUntilRetry);
  const std::string where = "cuDNN " + QueryCudnn().version + " works on " +
                            cuda.devices[index].name + " (CUDA device " +
                            std::to_string(index) + ")";
  const abi::cudnnDataType_t type = DataType(dtype, rounding);
  if (type == abi::CUDNN_DATA_DOUBLE) return {true, where + ".", true};
  Device* device = nullptr;
  Status status = Device::Get(index, &device);
  if (!status.ok()) return Unmet(status.message(), ValidityOf(status));
  std::string failures;
  bool final = true;
  for (const Algorithm& algorithm : kSmallAlgorithms) {
    status = RunSelfCheck(index, dtype, rounding, algorithm);
    if (status.ok()) {
      device->algorithms().Admit(algorithm, type);
      continue;
    }
    const Status usable = device->CheckUsable();
    if (!usable.ok()) return Unmet(usable.message());
    if (ValidityOf(status) == Validity::kUntilRetry) final = false;
    failures += std::string(failures.empty() ? "" : "; ") +
                (algorithm.time_major ? "time-major: " : "batch-major: ") +
                WithoutFullStop(status.message());
  }
  if (failures.empty()) return {true, where + ".", true};
  return {true, where + ", without PERSIST_STATIC_SMALL_H (" + failures + ").",
          final};
}

RuntimeVerdict Judge(size_t index, Dtype dtype, StateRounding rounding) {
  // The driver is checked first: without one there is no need to open hundreds
  // of megabytes of cuDNN.
  const CudaInfo cuda = QueryCuda();
  if (!cuda.available)
    return Unmet(cuda.reason,
                 cuda.may_change ? Validity::kUntilRetry : Validity::kFinal);
  if (index >= cuda.devices.size()) {
    return Unmet("There is no CUDA device " + std::to_string(index) +
                 ": the driver shows " + std::to_string(cuda.devices.size()) +
                 ".");
  }
  const CudnnInfo cudnn = QueryCudnn();
  if (!cudnn.available) return Unmet(cudnn.reason);
  const CudaDeviceInfo& device = cuda.devices[index];
  const std::string too_old = CheckCapability(device, rounding);
  if (!too_old.empty()) return Unmet(too_old);
  const Status status =
      RunSelfCheck(index, dtype, rounding, kStandardAlgorithm);
  if (!status.ok()) {
    return Unmet("A tiny call with cuDNN " + cudnn.version + " on " +
                     device.name + " failed: " + status.message(),
                 ValidityOf(status));
  }
  return JudgeAlgorithms(index, dtype, rounding);
}

}  // namespace

RuntimeVerdict JudgeRuntime(size_t device, Dtype dtype,
                            StateRounding state_rounding) {
  using Key = std::tuple<size_t, Dtype, StateRounding>;
  struct Judged {
    RuntimeVerdict verdict;
    std::chrono::milliseconds at;
  };
  static auto* const mutex = new std::mutex();
  static auto* const verdicts = new std::map<Key, Judged>();
  std::lock_guard<std::mutex> lock(*mutex);
  const Key key(device, dtype, state_rounding);
  const auto known = verdicts->find(key);
  if (known != verdicts->end() &&
      (known->second.verdict.final || Now() < known->second.at + kRetryAfter)) {
    return known->second.verdict;
  }
  RuntimeVerdict verdict;
  if (known != verdicts->end() && known->second.verdict.met) {
    // A device that has worked stays eligible. From now on its failures are
    // errors of the calls.
    verdict = JudgeAlgorithms(device, dtype, state_rounding);
    if (!verdict.met) {
      verdict = {true, known->second.verdict.detail, verdict.final};
    }
  } else {
    verdict = Judge(device, dtype, state_rounding);
  }
  (*verdicts)[key] = {verdict, Now()};
  return verdict;
}

void SetRuntimeClock(std::chrono::milliseconds now) {
  set_clock.store(now.count());
}

}  // namespace cudnn_gru
