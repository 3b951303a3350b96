#include "cudnn/stack/stack_runtime.h"

#include "cudnn/device.h"
#include "cudnn/element_format.h"
#include "cudnn/stack/stack_self_check.h"

namespace cudnn_gru {
namespace {

RuntimeVerdict JudgeWays(size_t index, Dtype dtype, StateRounding rounding) {
  const std::string works = "cuDNN computes several layers in one call";
  GruDescription description;
  description.dtype = dtype;
  description.state_rounding = rounding;
  const abi::cudnnDataType_t type = ElementFormat(description).data_type();
  Device* device = nullptr;
  const Status status = Device::Get(index, &device);
  if (!status.ok()) return Unmet(status.message(), ValidityOf(status));
  const WayTrials trials =
      TryWays(*device, type, RnnKind::kStack, [&](const auto& way) {
        return RunStackSelfCheck(index, dtype, rounding, way);
      });
  if (!trials.device.ok()) return Unmet(trials.device.message());
  return {true, works + trials.without + ".", trials.final};
}

}  // namespace

RuntimeVerdict JudgeStackRuntime(size_t device, Dtype dtype,
                                 StateRounding state_rounding) {
  static auto* const verdicts = new VerdictCache();
  return verdicts->Find({device, dtype, state_rounding}, [&](bool met) {
    if (!met) {
      const Status status =
          RunStackSelfCheck(device, dtype, state_rounding, SelfCheckWay());
      if (!status.ok()) {
        return Unmet("A tiny stack of layers in one cuDNN call failed: " +
                         status.message(),
                     ValidityOf(status));
      }
    }
    return JudgeWays(device, dtype, state_rounding);
  });
}

}  // namespace cudnn_gru
