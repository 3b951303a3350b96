#include "cpu/gru_forward.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "core/crowding.h"
#include "core/thread_pool.h"
#include "core/workspace.h"
#include "cpu/gru_reference.h"
#include "cpu/row_wise_step.h"
#include "cpu/time_loop.h"

namespace cudnn_gru {
namespace {

// Below this a call ends before helpers have woken up.
constexpr double kMinParallelFlops = 4e6;
// Work of one step for which meeting at a barrier pays.
constexpr double kMinStepFlops = 2e5;
// Rows a thread needs to use full register tiles.
constexpr size_t kMinRowsPerThread = 8;

enum class Split { kNone, kRows, kUnits };

struct Division {
  Split split;
  int threads;
};

// Rows first: threads then never wait for each other. A small batch of a large
// layer is divided by units instead, with a barrier after each step.
Division Divide(const GruDescription& description, const GruCall& call,
                size_t panels, int threads) {
  if (threads <= 1 ||
      CallFlops(description, call.batch, call.timesteps) < kMinParallelFlops) {
    return {Split::kNone, 1};
  }
  // JavaScript can be called on one thread only.
  if (HasCustomActivation(description)) return {Split::kNone, 1};
  const size_t wanted = static_cast<size_t>(threads);
  const double step_flops = CallFlops(description, call.batch, 1);
  if (call.batch >= wanted * kMinRowsPerThread) {
    return {Split::kRows, threads};
  }
  if (panels >= 2 && step_flops >= kMinStepFlops && !IsRowWise(description) &&
      !Crowding::Get().Now()) {
    return {Split::kUnits, static_cast<int>(std::min(wanted, panels))};
  }
  if (call.batch >= 2) {
    return {Split::kRows, static_cast<int>(std::min(wanted, call.batch))};
  }
  return {Split::kNone, 1};
}

Share MakeShare(const Division& division, int index, size_t batch,
                size_t panels, SpinBarrier* barrier) {
  Share share{0, batch, 0, panels, index, division.threads, nullptr};
  const size_t i = static_cast<size_t>(index);
  const size_t n = static_cast<size_t>(division.threads);
  if (division.split == Split::kRows) {
    share.row_begin = batch * i / n;
    share.row_end = batch * (i + 1) / n;
  } else if (division.split == Split::kUnits) {
    share.panel_begin = panels * i / n;
    share.panel_end = panels * (i + 1) / n;
    share.barrier = barrier;
  }
  return share;
}

Status NoMemory(size_t bytes) {
  return Status(StatusCode::kOutOfMemory,
                "Expected " + std::to_string(bytes) +
                    " bytes of scratch memory for the call but the system has "
                    "no more to give");
}

template <typename T>
Status Forward(const CpuWeights& weights, const Kernels<T>& kernels,
               const GruCall& call, int threads,
               const Cancellation* cancellation, const SavedSteps* saved) {
  const GruDescription& description = weights.description();
  const size_t panels = weights.panels();
  const Division division = Divide(description, call, panels, threads);
  SpinBarrier barrier(division.threads);

  // Both passes over the allocator lay out the same arrays: the first measures.
  SharedScratch<T> shared;
  const auto take = [&](BumpAllocator& allocator, int index) {
    if (index < 0) {
      shared.Take(weights, call, kernels.lanes, allocator);
      return RowScratch<T>();
    }
    const Share share =
        MakeShare(division, index, call.batch, panels, &barrier);
    RowScratch<T> rows;
    rows.Take(description, call, share.row_end - share.row_begin, shared,
              allocator);
    return rows;
  };
  BumpAllocator measure(nullptr);
  for (int i = -1; i < division.threads; ++i) take(measure, i);
  Workspace workspace(measure.used());
  if (workspace.data() == nullptr) return NoMemory(measure.used());
  BumpAllocator allocator(workspace.data());
  take(allocator, -1);
  std::fill(shared.zeros, shared.zeros + description.units, T(0));

  std::atomic<bool> failed{false};
  Status failure;  // of the first thread to fail
  const auto run = [&](int index, const RowScratch<T>& rows) {
    TimeLoop<T> loop(weights, kernels, call,
                     MakeShare(division, index, call.batch, panels, &barrier),
                     shared, rows, cancellation, saved);
    Status status = loop.Run();
    if (!status.ok() && !failed.exchange(true)) failure = std::move(status);
  };
  if (division.threads == 1) {
    run(0, take(allocator, 0));
  } else {
    // Each thread's arrays start where those of the ones before it end.
    const auto body = [&](int index) {
      BumpAllocator own = allocator;
      for (int i = 0; i < index; ++i) take(own, i);
      run(index, take(own, index));
    };
    // A reference, since a copy of the closure would be allocated.
    if (!ThreadPool::Get().TryRun(division.threads, std::cref(body))) {
      return Forward(weights, kernels, call, 1, cancellation, saved);
    }
  }
  if (division.split == Split::kUnits) Crowding::Get().Note(barrier);
  return failure;
}

}  // namespace

Status ForwardOnCpu(const CpuWeights& weights, const GruCall& call, int threads,
                    const Cancellation* cancellation, const SavedSteps* saved) {
  if (cancellation != nullptr && cancellation->requested()) {
    return Status(StatusCode::kAborted, "The call was aborted");
  }
  if (call.batch == 0) return Status();
  const KernelSet* kernels = weights.backend().kernels;
  if (kernels == nullptr) {
    return ForwardReference(weights, call, cancellation);
  }
  return weights.description().dtype == Dtype::kFloat32
             ? Forward(weights, kernels->f32, call, threads, cancellation,
                       saved)
             : Forward(weights, kernels->f64, call, threads, cancellation,
                       saved);
}

}  // namespace cudnn_gru
