#include "cudnn/stack/stack_runtime.h"

#include "cudnn/device.h"
#include "cudnn/element_format.h"
#include "cudnn/stack/stack_self_check.h"

namespace cudnn_gru {
namespace {

RuntimeVerdict JudgeAlgorithms(size_t index, Dtype dtype,
                               StateRounding rounding) {
  const std::string works = "cuDNN computes several layers in one call";
  GruDescription description;
  description.dtype = dtype;
  description.state_rounding = rounding;
  const abi::cudnnDataType_t type = ElementFormat(description).data_type();
  if (type == abi::CUDNN_DATA_DOUBLE) return {true, works + ".", true};
  Device* device = nullptr;
  const Status status = Device::Get(index, &device);
  if (!status.ok()) return Unmet(status.message(), ValidityOf(status));
  const AlgorithmTrials trials = TryAlgorithms(
      *device, type, RnnKind::kStack, [&](const Algorithm& algorithm) {
        return RunStackSelfCheck(index, dtype, rounding, algorithm);
      });
  if (!trials.device.ok()) return Unmet(trials.device.message());
  if (trials.failures.empty()) return {true, works + ".", true};
  return {true,
          works + ", without PERSIST_STATIC_SMALL_H (" + trials.failures + ").",
          trials.final};
}

}  // namespace

RuntimeVerdict JudgeStackRuntime(size_t device, Dtype dtype,
                                 StateRounding state_rounding) {
  static auto* const verdicts = new VerdictCache();
  return verdicts->Find({device, dtype, state_rounding}, [&](bool met) {
    if (!met) {
      const Status status =
          RunStackSelfCheck(device, dtype, state_rounding, kStandardAlgorithm);
      if (!status.ok()) {
        return Unmet("A tiny stack of layers in one cuDNN call failed: " +
                         status.message(),
                     ValidityOf(status));
      }
    }
    return JudgeAlgorithms(device, dtype, state_rounding);
  });
}

}  // namespace cudnn_gru
