#include "cpu/backward/gru_backward.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "core/measured_choice.h"
#include "core/spin_barrier.h"
#include "core/thread_pool.h"
#include "core/workspace.h"
#include "cpu/backward/backward_loop.h"
#include "cpu/backward/block_products.h"
#include "cpu/backward/row_wise_gradients.h"
#include "cpu/backward/second_gradients.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/forward/work_division.h"

namespace cudnn_gru {
namespace {

// Threads that share groups of rows, which they compute one after the other.
struct Team {
  Range groups;
  Range threads;

  size_t size() const { return threads.end - threads.begin; }
};

// The number of teams. Every group has one of its own if threads divide the
// rows, so that nobody waits for the threads of the other group. Otherwise all
// threads are one team.
size_t TeamCount(const Division& division, size_t groups) {
  const size_t threads = static_cast<size_t>(division.threads);
  return division.split == Split::kRows && threads >= groups ? groups : 1;
}

Team TeamOf(const Division& division, size_t groups, size_t index) {
  const size_t count = TeamCount(division, groups);
  const size_t threads = static_cast<size_t>(division.threads);
  return {RangeOf(groups, 1, index, count), RangeOf(threads, 1, index, count)};
}

// One backward pass of a number of threads.
template <typename T>
class DividedPass {
 public:
  DividedPass(const BackwardJob<T>& job, const Division& division)
      : job_(job),
        division_(division),
        team_count_(TeamCount(division, job.saved.groups())),
        teams_{TeamOf(division, job.saved.groups(), 0),
               TeamOf(division, job.saved.groups(), team_count_ - 1)},
        barriers_{SpinBarrier(static_cast<int>(teams_[0].size())),
                  SpinBarrier(static_cast<int>(teams_[1].size()))} {
    for (const SavedSteps::Block& block : job.saved.blocks()) {
      slots_ = std::max(slots_, block.slots);
    }
  }

  // Returns the result of the first thread to fail. Sets `*divided` to false,
  // and computes nothing, when the threads cannot be had.
  Status Run(bool* divided);

 private:
  // The memory of one thread.
  struct Own {
    BackwardPointers<T> pointers;
    RowWiseGradients<T> row_wise;
  };

  void TakeShared(BumpAllocator& allocator);
  Own TakeOwn(BumpAllocator& allocator) const;
  BackwardShare MakeShare(size_t team, size_t thread, size_t group);
  void RunThread(size_t thread, const Own& own);
  void RunGroups(size_t team, size_t thread, const Own& own);

  const BackwardJob<T>& job_;
  const Division division_;
  const size_t team_count_;
  const Team teams_[SavedSteps::kMostGroups];
  SpinBarrier barriers_[SavedSteps::kMostGroups];  // of the teams
  size_t slots_ = 0;                               // of the largest block
  BackwardScratch<T> scratch_[SavedSteps::kMostGroups];
  SecondGradients<T> second_;
  GruGradients second_gradients_;
  std::atomic<bool> failed_{false};
  Status failure_;
};

template <typename T>
void DividedPass<T>::TakeShared(BumpAllocator& allocator) {
  for (size_t group = 0; group < job_.saved.groups(); ++group) {
    scratch_[group].Take(job_.weights, job_.call, slots_, allocator);
  }
  if (job_.saved.groups() > 1) {
    second_.Take(job_.weights.description(), job_.gradients, allocator);
  }
}

template <typename T>
typename DividedPass<T>::Own DividedPass<T>::TakeOwn(
    BumpAllocator& allocator) const {
  const GruDescription& description = job_.weights.description();
  Own own;
  own.pointers.Take(description, job_.call.batch, slots_, allocator);
  if (!HasDefaultActivations(description)) {
    own.row_wise.Take(description.units, allocator);
  }
  return own;
}

template <typename T>
BackwardShare DividedPass<T>::MakeShare(size_t team, size_t thread,
                                        size_t group) {
  const SavedSteps::Block& block = *job_.saved.Blocks(group);
  const size_t panels = job_.weights.panels();
  const size_t rows = block.row_end - block.row_begin;
  BackwardShare share;
  share.group = group;
  share.index = thread - teams_[team].threads.begin;
  share.count = teams_[team].size();
  share.by_units = division_.split == Split::kUnits;
  share.barrier = share.count == 1 ? nullptr : &barriers_[team];
  const auto part = [&share](size_t size) {
    return RangeOf(size, 1, share.index, share.count);
  };
  const Range own_rows = share.by_units ? Range{0, rows} : part(rows);
  const Range own_panels = share.by_units ? part(panels) : Range{0, panels};
  share.row_begin = block.row_begin + own_rows.begin;
  share.row_end = block.row_begin + own_rows.end;
  share.panel_begin = own_panels.begin;
  share.panel_end = own_panels.end;
  return share;
}

template <typename T>
void DividedPass<T>::RunThread(size_t thread, const Own& own) {
  size_t team = 0;
  while (thread >= teams_[team].threads.end) ++team;
  RunGroups(team, thread, own);
}

template <typename T>
void DividedPass<T>::RunGroups(size_t team, size_t thread, const Own& own) {
  const Range groups = teams_[team].groups;
  for (size_t group = groups.begin; group < groups.end; ++group) {
    const BackwardJob<T> part = {
        job_.weights,
        job_.kernels,
        job_.call,
        job_.saved,
        group == 0 ? job_.gradients : second_gradients_,
        job_.cancellation};
    BackwardLoop<T> loop(part, MakeShare(team, thread, group), scratch_[group],
                         own.pointers, own.row_wise);
    Status status = loop.Run();
    if (status.ok()) continue;
    if (!failed_.exchange(true)) failure_ = std::move(status);
    return;
  }
}

template <typename T>
Status DividedPass<T>::Run(bool* divided) {
  *divided = true;
  // The arrays are laid out twice: to measure the memory, and to take it.
  BumpAllocator measure(nullptr);
  TakeShared(measure);
  for (int i = 0; i < division_.threads; ++i) TakeOwn(measure);
  Workspace workspace(measure.used());
  if (workspace.data() == nullptr)
    return OutOfMemory(measure.used(), "scratch memory for the gradients");
  BumpAllocator allocator(workspace.data());
  TakeShared(allocator);
  second_gradients_ = second_.InPlaceOf(job_.gradients);

  if (division_.threads == 1) {
    RunThread(0, TakeOwn(allocator));
  } else {
    // The arrays of a thread start where those of the threads before it end.
    const auto body = [&](int index) {
      BumpAllocator rest = allocator;
      for (int i = 0; i < index; ++i) TakeOwn(rest);
      RunThread(static_cast<size_t>(index), TakeOwn(rest));
    };
    // The closure is passed by reference, because a copy would be allocated.
    *divided = ThreadPool::Get().TryRun(division_.threads, std::cref(body));
    if (!*divided) return Status();
  }
  if (failure_.ok()) second_.AddTo(job_.gradients);
  return failure_;
}

template <typename T>
Status Backward(const BackwardJob<T>& job, int threads) {
  const Division division =
      Divide(job.weights.description(), job.call, PassKind::kBackward,
             job.weights.panels(), threads);
  MeasuredCall measured(division.size, division.way(),
                        static_cast<double>(job.call.timesteps));
  bool divided = false;
  const Status status = DividedPass<T>(job, division).Run(&divided);
  if (!divided) return Backward(job, 1);
  if (status.ok()) measured.End();
  return status;
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
