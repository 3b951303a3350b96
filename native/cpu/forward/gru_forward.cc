#include "cpu/forward/gru_forward.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "core/measured_choice.h"
#include "core/spin_barrier.h"
#include "core/thread_pool.h"
#include "core/workspace.h"
#include "cpu/forward/row_wise_step.h"
#include "cpu/forward/time_loop.h"
#include "cpu/forward/work_division.h"
#include "cpu/reference/gru_reference.h"

namespace cudnn_gru {
namespace {

Share MakeShare(const Division& division, int index, size_t batch,
                size_t panels, SpinBarrier* barrier) {
  const Part part = PartOf(division, index, batch, panels);
  return {part.rows.begin,
          part.rows.end,
          part.panels.begin,
          part.panels.end,
          index,
          division.threads,
          division.split == Split::kUnits ? barrier : nullptr};
}

template <typename T>
Status Forward(const ForwardJob<T>& job, int threads) {
  const GruCall& call = job.call;
  const GruDescription& description = job.weights.description();
  const size_t panels = job.weights.panels();
  const PassKind kind =
      job.saved == nullptr ? PassKind::kForward : PassKind::kForwardThatSaves;
  const Division division = Divide(description, call, kind, panels, threads);
  MeasuredCall measured(division.size, division.way(),
                        static_cast<double>(call.timesteps));
  SpinBarrier barrier(division.threads);

  // The arrays are laid out twice: to measure the memory, and to take it.
  SharedScratch<T> shared;
  const auto take = [&](BumpAllocator& allocator, int index) {
    if (index < 0) {
      shared.Take(job, call.timesteps, allocator);
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
  if (workspace.data() == nullptr)
    return OutOfMemory(measure.used(), "scratch memory for the call");
  BumpAllocator allocator(workspace.data());
  take(allocator, -1);
  std::fill(shared.zeros, shared.zeros + description.units, T(0));

  std::atomic<bool> failed{false};
  Status failure;  // of the first thread to fail
  const auto run = [&](int index, const RowScratch<T>& rows) {
    TimeLoop<T> loop(job,
                     MakeShare(division, index, call.batch, panels, &barrier),
                     shared, rows);
    Status status = loop.Run();
    if (!status.ok() && !failed.exchange(true)) failure = std::move(status);
  };
  if (division.threads == 1) {
    run(0, take(allocator, 0));
  } else {
    // The arrays of a thread start where those of the threads before it end.
    const auto body = [&](int index) {
      BumpAllocator own = allocator;
      for (int i = 0; i < index; ++i) take(own, i);
      run(index, take(own, index));
    };
    // The closure is passed by reference, because a copy would be allocated.
    if (!ThreadPool::Get().TryRun(division.threads, std::cref(body))) {
      return Forward(job, 1);
    }
  }
  if (failure.ok()) measured.End();
  return failure;
}

}  // namespace

Status ForwardOnCpu(const CpuWeights& weights, const GruCall& call, int threads,
                    const Cancellation* cancellation, const SavedSteps* saved) {
  if (weights.isa().kernels != nullptr || call.batch == 0) {
    return ForwardOnCpu(weights, call,
                        ContiguousPlace(call, weights.description().units),
                        threads, cancellation, saved);
  }
  if (cancellation != nullptr && cancellation->requested()) {
    return Aborted();
  }
  return ForwardReference(weights, call, cancellation);
}

Status ForwardOnCpu(const CpuWeights& weights, const GruCall& call,
                    const OutputPlace& place, int threads,
                    const Cancellation* cancellation, const SavedSteps* saved) {
  if (cancellation != nullptr && cancellation->requested()) {
    return Aborted();
  }
  if (call.batch == 0) return Status();
  const KernelSet& kernels = *weights.isa().kernels;
  return weights.description().dtype == Dtype::kFloat32
             ? Forward<float>(
                   {weights, kernels.f32, call, cancellation, saved, place},
                   threads)
             : Forward<double>(
                   {weights, kernels.f64, call, cancellation, saved, place},
                   threads);
}

}  // namespace cudnn_gru
