#include "cpu/forward/work_division.h"

#include <algorithm>

#include "core/contention.h"
#include "cpu/forward/row_wise_step.h"

namespace cudnn_gru {
namespace {

// A step with less work is not worth a barrier.
constexpr double kMinStepFlops = 2e5;

// `step_flops` is the work of a step.
bool IsWorthBarriers(const GruDescription& description, double step_flops,
                     size_t panels) {
  return panels >= 2 && step_flops >= kMinStepFlops && !IsRowWise(description);
}

}  // namespace

bool CanDivideUnits(const CpuWeights& weights, size_t batch) {
  return IsWorthBarriers(weights.description(),
                         CallFlops(weights.description(), batch, 1),
                         weights.panels());
}

Division Divide(const GruDescription& description, const GruCall& call,
                double passes, size_t panels, int threads) {
  const double flops =
      passes * CallFlops(description, call.batch, call.timesteps);
  if (threads <= 1 || flops < kMinParallelFlops) return {Split::kNone, 1};
  // JavaScript can only be called on one thread.
  if (HasCustomActivation(description)) return {Split::kNone, 1};
  const size_t wanted = static_cast<size_t>(threads);
  if (call.batch >= wanted * kMinRowsPerThread) {
    return {Split::kRows, threads};
  }
  const double step_flops = passes * CallFlops(description, call.batch, 1);
  if (IsWorthBarriers(description, step_flops, panels) &&
      !Contention::Get().Now()) {
    return {Split::kUnits, static_cast<int>(std::min(wanted, panels))};
  }
  if (call.batch >= 2) {
    return {Split::kRows, static_cast<int>(std::min(wanted, call.batch))};
  }
  return {Split::kNone, 1};
}

Part PartOf(const Division& division, int thread, size_t batch, size_t panels) {
  const auto range = [&](size_t size) {
    return RangeOf(size, 1, static_cast<size_t>(thread),
                   static_cast<size_t>(division.threads));
  };
  return {division.split == Split::kRows ? range(batch) : Range{0, batch},
          division.split == Split::kUnits ? range(panels) : Range{0, panels}};
}

Range RangeOf(size_t size, size_t step, size_t index, size_t count) {
  const size_t steps = (size + step - 1) / step;
  return {std::min(size, steps * index / count * step),
          std::min(size, steps * (index + 1) / count * step)};
}

}  // namespace cudnn_gru
