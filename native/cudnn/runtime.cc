#include "cudnn/runtime.h"

#include <string>

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

// Returns the data type of the elements on the device.
abi::cudnnDataType_t DataType(Dtype dtype, StateRounding rounding) {
  GruDescription description;
  description.dtype = dtype;
  description.state_rounding = rounding;
  return ElementFormat(description).data_type();
}

// Tries the ways other than the plain standard algorithm, which is known to
// work, and admits those that work too. When one does not work, only the detail
// of the verdict changes, unless the device was lost, for then nothing works
// any more.
RuntimeVerdict JudgeWays(size_t index, Dtype dtype, StateRounding rounding) {
  const CudaInfo cuda = QueryCuda();
  if (index >= cuda.devices.size())
    return Unmet(cuda.reason, Validity::kUntilRetry);
  const std::string where = "cuDNN " + QueryCudnn().version + " works on " +
                            cuda.devices[index].name + " (CUDA device " +
                            std::to_string(index) + ")";
  Device* device = nullptr;
  const Status status = Device::Get(index, &device);
  if (!status.ok()) return Unmet(status.message(), ValidityOf(status));
  const WayTrials trials =
      TryWays(*device, DataType(dtype, rounding), RnnKind::kSingle,
              [&](const auto& way) {
                return RunSelfCheck(index, dtype, rounding, way);
              });
  if (!trials.device.ok()) return Unmet(trials.device.message());
  return {true, where + trials.without + ".", trials.final};
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
  const Status status = RunSelfCheck(index, dtype, rounding, SelfCheckWay());
  if (!status.ok()) {
    return Unmet("A tiny call with cuDNN " + cudnn.version + " on " +
                     device.name + " failed: " + status.message(),
                 ValidityOf(status));
  }
  return JudgeWays(index, dtype, rounding);
}

}  // namespace

RuntimeVerdict JudgeRuntime(size_t device, Dtype dtype,
                            StateRounding state_rounding) {
  static auto* const verdicts = new VerdictCache();
  return verdicts->Find({device, dtype, state_rounding}, [&](bool met) {
    return met ? JudgeWays(device, dtype, state_rounding)
               : Judge(device, dtype, state_rounding);
  });
}

}  // namespace cudnn_gru
