#include "cudnn/runtime.h"

#include <atomic>
#include <map>
#include <mutex>
#include <tuple>

#include "cudnn/device.h"
#include "cudnn/element_format.h"
#include "cudnn/libraries.h"
#include "cudnn/result.h"
#include "cudnn/self_check.h"

namespace cudnn_gru {
namespace {

constexpr size_t kBfloat16Cudnn = 91300;

// Empty, or the sentence that says why the driver cannot run this cuDNN.
// cuDNN itself only says that it was not initialised.
std::string CheckDriverVersion() {
  const CudaDriver* const driver = FindCudaDriver().library;
  const CudnnLibrary* const cudnn = FindCudnn().library;
  int version = 0;
  if (driver == nullptr || cudnn == nullptr ||
      driver->cuDriverGetVersion(&version) != abi::CUDA_SUCCESS) {
    return "";
  }
  const size_t wanted = cudnn->cudart_version / 1000;
  if (static_cast<size_t>(version) / 1000 >= wanted) return "";
  return "The NVIDIA driver is too old for this cuDNN: cuDNN " +
         FindCudnn().version + " was built for CUDA " + std::to_string(wanted) +
         ", and the driver supports CUDA " + FindCudaDriver().version + ".";
}

// Empty, or the sentence that says why the device is too old.
std::string CheckCapability(const CudaDeviceInfo& device,
                            StateRounding rounding) {
  const CudnnLibrary& cudnn = *FindCudnn().library;
  const int capability = device.major * 10 + device.minor;
  const std::string has = device.name + " has compute capability " +
                          std::to_string(device.major) + "." +
                          std::to_string(device.minor) + ".";
  // What NVIDIA builds cuDNN 9 for: 7.5 and later with CUDA 13, 5.0 with 12.
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

constexpr std::chrono::milliseconds kRetryAfter{1000};

// Set by tests, or below zero.
std::atomic<int64_t> set_clock{-1};

std::chrono::milliseconds Now() {
  const int64_t set = set_clock.load();
  if (set >= 0) return std::chrono::milliseconds(set);
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

RuntimeVerdict Unmet(const std::string& reason, bool final = true) {
  return {false, reason, final};
}

bool MayHelpLater(const Status& status) {
  return status.remedy() == Remedy::kAgain ||
         status.code() == StatusCode::kOutOfMemory;
}

// The type of the elements on the device.
abi::cudnnDataType_t DataType(Dtype dtype, StateRounding rounding) {
  GruDescription description;
  description.dtype = dtype;
  description.state_rounding = rounding;
  return ElementFormat(description).data_type();
}

// Once the standard algorithm works: tries the others, and admits those that
// work too. What becomes of them changes the detail and nothing else; but not
// even the standard one works on a device that was lost by it.
RuntimeVerdict JudgeAlgorithms(size_t index, Dtype dtype,
                               StateRounding rounding) {
  const CudaInfo cuda = QueryCuda();
  if (index >= cuda.devices.size()) return Unmet(cuda.reason, false);
  const std::string where = "cuDNN " + QueryCudnn().version + " works on " +
                            cuda.devices[index].name + " (CUDA device " +
                            std::to_string(index) + ")";
  const abi::cudnnDataType_t type = DataType(dtype, rounding);
  if (type == abi::CUDNN_DATA_DOUBLE) return {true, where + ".", true};
  Device* device = nullptr;
  Status status = Device::Get(index, &device);
  if (!status.ok()) return Unmet(status.message(), !MayHelpLater(status));
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
    if (MayHelpLater(status)) final = false;
    failures += std::string(failures.empty() ? "" : "; ") +
                (algorithm.time_major ? "time-major: " : "batch-major: ") +
                status.message();
  }
  if (failures.empty()) return {true, where + ".", true};
  return {true, where + ", without PERSIST_STATIC_SMALL_H (" + failures + ").",
          final};
}

RuntimeVerdict Judge(size_t index, Dtype dtype, StateRounding rounding) {
  // The driver first: without one there is no need to open hundreds of
  // megabytes of cuDNN.
  const CudaInfo cuda = QueryCuda();
  if (!cuda.available) return Unmet(cuda.reason, !cuda.may_change);
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
                 !MayHelpLater(status));
  }
  return JudgeAlgorithms(index, dtype, rounding);
}

}  // namespace

CudaInfo QueryCuda() {
  const Search<CudaDriver>& found = FindCudaDriver();
  CudaInfo info;
  info.may_change = found.may_change;
  info.reason = found.reason;
  info.driver = found.version;
  if (found.library == nullptr) return info;
  const CudaDriver& driver = *found.library;
  int count = 0;
  driver.cuDeviceGetCount(&count);
  for (int index = 0; index < count; ++index) {
    CudaDeviceInfo device;
    abi::CUdevice handle = 0;
    char name[256] = "";
    if (driver.cuDeviceGet(&handle, index) != abi::CUDA_SUCCESS) break;
    driver.cuDeviceGetName(name, sizeof name, handle);
    name[sizeof name - 1] = '\0';
    device.name = name;
    driver.cuDeviceGetAttribute(
        &device.major, abi::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
        handle);
    driver.cuDeviceGetAttribute(
        &device.minor, abi::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
        handle);
    driver.cuDeviceTotalMem_v2(&device.total_memory, handle);
    info.devices.push_back(device);
  }
  info.available = !info.devices.empty();
  if (!info.available) info.reason = "The CUDA driver finds no device.";
  return info;
}

CudnnInfo QueryCudnn() {
  const Search<CudnnLibrary>& found = FindCudnn();
  CudnnInfo info;
  info.reason = found.reason.empty() ? CheckDriverVersion() : found.reason;
  info.available = info.reason.empty();
  info.version = found.version;
  info.path = found.path;
  info.tried = found.tried;
  return info;
}

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
    // What works stays so: a failure from now on is one of the call.
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
