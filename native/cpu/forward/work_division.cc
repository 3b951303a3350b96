#include "cpu/forward/work_division.h"

#include <algorithm>

#include "cpu/forward/row_wise_step.h"

namespace cudnn_gru {
namespace {

// A step with less work is not worth a barrier.
constexpr double kMinStepFlops = 2e5;

// A backward pass is as much work as two forward passes.
double PassesOf(PassKind kind) { return kind == PassKind::kBackward ? 2 : 1; }

uint64_t SizeOf(const GruDescription& description, const GruCall& call,
                PassKind kind, int threads) {
  return MeasuredChoices::SizeOf(
      {description.units, description.features, call.batch,
       static_cast<uint64_t>(description.dtype), static_cast<uint64_t>(kind),
       static_cast<uint64_t>(threads)});
}

bool IsWorthThreads(const GruDescription& description, const GruCall& call,
                    PassKind kind, int threads) {
  const double flops =
      PassesOf(kind) * CallFlops(description, call.batch, call.timesteps);
  // JavaScript can only be called on one thread.
  return threads > 1 && flops >= kMinParallelFlops &&
         !HasCustomActivation(description);
}

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

Division DivideWithoutBarriers(const GruDescription& description,
                               const GruCall& call, PassKind kind,
                               int threads) {
  if (call.batch < 2 || !IsWorthThreads(description, call, kind, threads)) {
    return {Split::kNone, 1};
  }
  const size_t most = std::min(static_cast<size_t>(threads), call.batch);
  return {Split::kRows, static_cast<int>(most)};
}

Division DivideWhereIdle(const GruDescription& description, const GruCall& call,
                         PassKind kind, size_t panels, int threads) {
  const double step = PassesOf(kind) * CallFlops(description, call.batch, 1);
  const size_t wanted = static_cast<size_t>(threads);
  if (call.batch >= wanted * kMinRowsPerThread ||
      !IsWorthThreads(description, call, kind, threads) ||
      !IsWorthBarriers(description, step, panels)) {
    return DivideWithoutBarriers(description, call, kind, threads);
  }
  return {Split::kUnits, static_cast<int>(std::min(wanted, panels)),
          SizeOf(description, call, kind, threads)};
}

Division Divide(const GruDescription& description, const GruCall& call,
                PassKind kind, size_t panels, int threads) {
  Division division = DivideWhereIdle(description, call, kind, panels, threads);
  const uint64_t size = division.size;
  if (size != 0 && MeasuredChoices::Get().Next(size) == Way::kNoBarriers) {
    division = DivideWithoutBarriers(description, call, kind, threads);
    division.size = size;
  }
  return division;
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
