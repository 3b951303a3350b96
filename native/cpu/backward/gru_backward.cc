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
#include "cpu/forward/saved_steps.h"
#include "cpu/forward/work_division.h"

namespace cudnn_gru {
namespace {

// Threads that share groups of rows, which they compute one after the other.
struct Team {
  size_t group_begin;
  size_t group_end;
  Range threads;
  SpinBarrier* barrier;

  size_t size() const { return threads.end - threads.begin; }
};

// Every group has a team of its own if threads divide the rows, and so do not
// wait for those of the other group. Otherwise all threads are one team.
Range TeamThreads(const Division& division, size_t group, size_t groups) {
  const size_t threads = static_cast<size_t>(division.threads);
  return division.split == Split::kRows && threads >= groups
             ? RangeOf(threads, 1, group, groups)
             : Range{0, threads};
}

// Returns the share of one thread of a team in one group.
BackwardShare MakeShare(const Division& division, const Team& team,
                        size_t thread, const SavedSteps::Block& block,
                        size_t panels) {
  const size_t index = thread - team.threads.begin;
  const size_t count = team.size();
  const bool by_units = division.split == Split::kUnits;
  const size_t rows = block.row_end - block.row_begin;
  const Range own = by_units ? Range{0, rows} : RangeOf(rows, 1, index, count);
  const Range columns =
      by_units ? RangeOf(panels, 1, index, count) : Range{0, panels};
  BackwardShare share;
  share.row_begin = block.row_begin + own.begin;
  share.row_end = block.row_begin + own.end;
  share.panel_begin = columns.begin;
  share.panel_end = columns.end;
  share.index = index;
  share.count = count;
  share.by_units = by_units;
  share.barrier = count == 1 ? nullptr : team.barrier;
  return share;
}

// The gradients of the weights of the second group, until they are added to
// those of the first one.
template <typename T>
struct SecondGradients {
  T* kernel = nullptr;
  T* recurrent_kernel = nullptr;
  T* bias = nullptr;
  size_t kernel_size = 0;
  size_t recurrent_size = 0;
  size_t bias_size = 0;

  // Takes the arrays of the gradients that are wanted.
  void Take(const GruDescription& description, const GruGradients& wanted,
            BumpAllocator& allocator) {
    const size_t row = kGates * description.units;
    const auto take = [&](const void* gradient, size_t size, T** array) {
      if (gradient != nullptr) *array = allocator.Take<T>(size);
      return gradient == nullptr ? 0 : size;
    };
    kernel_size = take(wanted.d_kernel, description.features * row, &kernel);
    recurrent_size = take(wanted.d_recurrent_kernel, description.units * row,
                          &recurrent_kernel);
    bias_size =
        take(wanted.d_bias, (description.reset_after ? 2 : 1) * row, &bias);
  }

  // Returns the gradients of the second group's backward pass.
  GruGradients Of(const GruGradients& wanted) const {
    GruGradients gradients = wanted;
    gradients.d_kernel = kernel;
    gradients.d_recurrent_kernel = recurrent_kernel;
    gradients.d_bias = bias;
    return gradients;
  }

  void AddTo(const GruGradients& gradients) const {
    const auto add = [](const T* from, void* to, size_t n) {
      T* const sums = static_cast<T*>(to);
      for (size_t i = 0; i < n; ++i) sums[i] += from[i];
    };
    add(kernel, gradients.d_kernel, kernel_size);
    add(recurrent_kernel, gradients.d_recurrent_kernel, recurrent_size);
    add(bias, gradients.d_bias, bias_size);
  }
};

// The memory of a backward pass. It is laid out twice: to measure, and to take.
template <typename T>
struct BackwardMemory {
  struct Own {
    BackwardPointers<T> pointers;
    RowWiseGradients<T> row_wise;
  };

  BackwardScratch<T> scratch[SavedSteps::kMostGroups];
  SecondGradients<T> second;

  void TakeShared(const BackwardJob<T>& job, size_t slots,
                  BumpAllocator& allocator) {
    for (size_t group = 0; group < job.saved.groups(); ++group) {
      scratch[group].Take(job.weights, job.call, slots, allocator);
    }
    if (job.saved.groups() > 1) {
      second.Take(job.weights.description(), job.gradients, allocator);
    }
  }

  // Takes the memory of one thread.
  static Own TakeOwn(const BackwardJob<T>& job, size_t slots,
                     BumpAllocator& allocator) {
    const GruDescription& description = job.weights.description();
    Own own;
    own.pointers.Take(description, job.call.batch, slots, allocator);
    if (!HasDefaultActivations(description)) {
      own.row_wise.Take(description.units, allocator);
    }
    return own;
  }
};

template <typename T>
Status Backward(const BackwardJob<T>& job, int threads) {
  using Memory = BackwardMemory<T>;
  const GruCall& call = job.call;
  const size_t groups = job.saved.groups();
  const size_t panels = job.weights.panels();
  const Division division = Divide(job.weights.description(), call,
                                   PassKind::kBackward, panels, threads);
  MeasuredCall measured(division.size, division.way(),
                        static_cast<double>(call.timesteps));
  size_t slots = 0;
  for (const SavedSteps::Block& block : job.saved.blocks()) {
    slots = std::max(slots, block.slots);
  }

  Memory memory;
  BumpAllocator measure(nullptr);
  memory.TakeShared(job, slots, measure);
  for (int i = 0; i < division.threads; ++i) {
    Memory::TakeOwn(job, slots, measure);
  }
  Workspace workspace(measure.used());
  if (workspace.data() == nullptr)
    return OutOfMemory(measure.used(), "scratch memory for the gradients");
  BumpAllocator allocator(workspace.data());
  memory.TakeShared(job, slots, allocator);

  const Range first = TeamThreads(division, 0, groups);
  const Range last = TeamThreads(division, groups - 1, groups);
  SpinBarrier first_barrier(static_cast<int>(first.end - first.begin));
  SpinBarrier last_barrier(static_cast<int>(last.end - last.begin));
  const bool apart = last.begin > 0;
  const Team teams[] = {{0, apart ? 1 : groups, first, &first_barrier},
                        {1, groups, last, &last_barrier}};

  const GruGradients second = memory.second.Of(job.gradients);
  std::atomic<bool> failed{false};
  Status failure;  // of the first thread to fail
  const auto run = [&](size_t thread, const typename Memory::Own& own) {
    const Team& team = teams[apart && thread >= last.begin ? 1 : 0];
    for (size_t group = team.group_begin; group < team.group_end; ++group) {
      const BackwardJob<T> part = {job.weights,
                                   job.kernels,
                                   call,
                                   job.saved,
                                   group == 0 ? job.gradients : second,
                                   job.cancellation};
      BackwardShare share =
          MakeShare(division, team, thread, *job.saved.Blocks(group), panels);
      share.group = group;
      BackwardLoop<T> loop(part, share, memory.scratch[group], own.pointers,
                           own.row_wise);
      Status status = loop.Run();
      if (status.ok()) continue;
      if (!failed.exchange(true)) failure = std::move(status);
      return;
    }
  };
  if (division.threads == 1) {
    run(0, Memory::TakeOwn(job, slots, allocator));
  } else {
    // The arrays of a thread start where those of the threads before it end.
    const auto body = [&](int index) {
      BumpAllocator rest = allocator;
      for (int i = 0; i < index; ++i) Memory::TakeOwn(job, slots, rest);
      run(static_cast<size_t>(index), Memory::TakeOwn(job, slots, rest));
    };
    // The closure is passed by reference, because a copy would be allocated.
    if (!ThreadPool::Get().TryRun(division.threads, std::cref(body))) {
      return Backward(job, 1);
    }
  }
  if (failure.ok() && groups > 1) memory.second.AddTo(job.gradients);
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
