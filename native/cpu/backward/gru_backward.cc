#include "cpu/backward/gru_backward.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "core/measured_choice.h"
#include "core/spin_barrier.h"
#include "core/thread_pool.h"
#include "core/workspace.h"
#include "cpu/backward/backward_loop.h"
#include "cpu/backward/block_products.h"
#include "cpu/backward/row_wise_gradients.h"
#include "cpu/forward/work_division.h"

namespace cudnn_gru {
namespace {

BackwardShare MakeShare(const Division& division, int index, size_t batch,
                        size_t panels, SpinBarrier* barrier) {
  const Part part = PartOf(division, index, batch, panels);
  return {part.rows.begin,
          part.rows.end,
          part.panels.begin,
          part.panels.end,
          static_cast<size_t>(index),
          static_cast<size_t>(division.threads),
          division.split == Split::kUnits,
          division.split == Split::kNone ? nullptr : barrier};
}

template <typename T>
Status Backward(const BackwardJob<T>& job, int threads) {
  const GruCall& call = job.call;
  const GruDescription& description = job.weights.description();
  const size_t panels = job.weights.panels();
  const Division division =
      Divide(description, call, PassKind::kBackward, panels, threads);
  MeasuredCall measured(division.size, division.way(),
                        static_cast<double>(call.timesteps));
  SpinBarrier barrier(division.threads);
  size_t slots = 0;
  for (const SavedSteps::Block& block : job.saved.blocks()) {
    slots = std::max(slots, block.slots);
  }

  // The arrays are laid out twice: to measure the memory, and to take it.
  BackwardScratch<T> scratch;
  struct Own {
    BackwardPointers<T> pointers;
    RowWiseGradients<T> row_wise;
  };
  const auto take = [&](BumpAllocator& allocator) {
    Own own;
    own.pointers.Take(description, call.batch, slots, allocator);
    if (!HasDefaultActivations(description)) {
      own.row_wise.Take(description.units, allocator);
    }
    return own;
  };
  BumpAllocator measure(nullptr);
  scratch.Take(job.weights, call, slots, measure);
  for (int i = 0; i < division.threads; ++i) take(measure);
  Workspace workspace(measure.used());
  if (workspace.data() == nullptr)
    return OutOfMemory(measure.used(), "scratch memory for the gradients");
  BumpAllocator allocator(workspace.data());
  scratch.Take(job.weights, call, slots, allocator);

  std::atomic<bool> failed{false};
  Status failure;  // of the first thread to fail
  const auto run = [&](int index, const Own& own) {
    BackwardLoop<T> loop(
        job, MakeShare(division, index, call.batch, panels, &barrier), scratch,
        own.pointers, own.row_wise);
    Status status = loop.Run();
    if (!status.ok() && !failed.exchange(true)) failure = std::move(status);
  };
  if (division.threads == 1) {
    run(0, take(allocator));
  } else {
    // The arrays of a thread start where those of the threads before it end.
    const auto body = [&](int index) {
      BumpAllocator rest = allocator;
      for (int i = 0; i < index; ++i) take(rest);
      run(index, take(rest));
    };
    // The closure is passed by reference, because a copy would be allocated.
    if (!ThreadPool::Get().TryRun(division.threads, std::cref(body))) {
      return Backward(job, 1);
    }
  }
  if (failure.ok()) measured.End();
  return failure;
}

}  // namespace

Status BackwardOnCpu(const CpuWeights& weights, const GruCall& call,
                     const SavedSteps& saved, const GruGradients& gradients,
                     int threads, const Cancellation* cancellation) {
  if (cancellation != nullptr && cancellation->requested()) {
    return Aborted();
  }
  const Status status = weights.Transpose();
  if (!status.ok()) return status;
  const KernelSet& kernels = *weights.isa().kernels;
  return weights.description().dtype == Dtype::kFloat32
             ? Backward<float>(
                   {weights, kernels.f32, call, saved, gradients, cancellation},
                   threads)
             : Backward<double>(
                   {weights, kernels.f64, call, saved, gradients, cancellation},
                   threads);
}

int BackwardThreads(const CpuWeights& weights, const GruCall& call,
                    int threads) {
  return Divide(weights.description(), call, PassKind::kBackward,
                weights.panels(), threads)
      .threads;
}

}  // namespace cudnn_gru
