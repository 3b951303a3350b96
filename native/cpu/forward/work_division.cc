#include "cpu/forward/work_division.h"

#include <algorithm>

#include "core/crowding.h"
#include "cpu/forward/row_wise_step.h"

namespace cudnn_gru {
namespace {

// Below this a pass ends before helpers have woken up.
constexpr double kMinParallelFlops = 4e6;
// Work of one step for which meeting at a barrier pays.
constexpr double kMinStepFlops = 2e5;
// Rows a thread needs to use full register tiles.
constexpr size_t kMinRowsPerThread = 8;

}  // namespace

Division Divide(const GruDescription& description, const GruCall& call,
                double passes, size_t panels, int threads) {
  const double flops =
      passes * CallFlops(description, call.batch, call.timesteps);
  if (threads <= 1 || flops < kMinParallelFlops) return {Split::kNone, 1};
  // JavaScript can be called on one thread only.
  if (HasCustomActivation(description)) return {Split::kNone, 1};
  const size_t wanted = static_cast<size_t>(threads);
  if (call.batch >= wanted * kMinRowsPerThread) {
    return {Split::kRows, threads};
  }
  const double step_flops = passes * CallFlops(description, call.batch, 1);
  if (panels >= 2 && step_flops >= kMinStepFlops && !IsRowWise(description) &&
      !Crowding::Get().Now()) {
    return {Split::kUnits, static_cast<int>(std::min(wanted, panels))};
  }
  if (call.batch >= 2) {
    return {Split::kRows, static_cast<int>(std::min(wanted, call.batch))};
  }
  return {Split::kNone, 1};
}

Part PartOf(const Division& division, int thread, size_t batch, size_t panels) {
  Part part{0, batch, 0, panels};
  const size_t i = static_cast<size_t>(thread);
  const size_t n = static_cast<size_t>(division.threads);
  if (division.split == Split::kRows) {
    part.row_begin = batch * i / n;
    part.row_end = batch * (i + 1) / n;
  } else if (division.split == Split::kUnits) {
    part.panel_begin = panels * i / n;
    part.panel_end = panels * (i + 1) / n;
  }
  return part;
}

}  // namespace cudnn_gru
