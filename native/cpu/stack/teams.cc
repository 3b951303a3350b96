#include "cpu/stack/teams.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "core/spin_barrier.h"
#include "core/spin_wait.h"
#include "core/thread_pool.h"
#include "cpu/stack/concurrency.h"
#include "cpu/stack/stack_loops.h"

namespace cudnn_gru {
namespace {

// One GRU and the threads that compute it, from `first_thread` on.
struct alignas(64) Membership {
  explicit Membership(size_t team) : barrier(static_cast<int>(team)) {}

  size_t first_thread = 0;
  SpinBarrier barrier;
  std::atomic<size_t> done{0};  // the steps that other teams may read
};

// A layer's threads, of both halves.
struct alignas(64) LayerTeams {
  size_t threads = 0;
  std::atomic<size_t> ended{0};  // how many of them have ended
  std::atomic<bool> merged{false};
};

template <typename T>
class Teams {
 public:
  Teams(const StackJob& job, const StackPlan& plan)
      : job_(job), threads_(static_cast<size_t>(plan.threads)), loops_(job) {}

  Status Make() {
    std::vector<LoopDivision> divisions;
    for (size_t i = 0; i < job_.layers.size(); ++i) layers_.emplace_back();
    size_t end = 0;
    for (size_t begin = 0; begin < job_.layers.size(); begin = end) {
      const size_t teams =
          std::min(threads_, ConcurrencyFrom(job_, begin, &end));
      size_t place = 0;
      for (size_t layer = begin; layer < end; ++layer) {
        for (size_t half = 0; half < job_.layers[layer].half_count; ++half) {
          AddHalf(layer, half, teams, place++, &divisions);
        }
      }
    }
    return loops_.Make(divisions);
  }

  // Computes the GRUs whose teams the thread belongs to.
  void Work(int thread) {
    const size_t index = static_cast<size_t>(thread);
    for (size_t i = 0; i < members_.size(); ++i) {
      HalfLoops<T>& half = loops_.halves()[i];
      const size_t first = members_[i].first_thread;
      if (index < first || index >= first + half.division.team) continue;
      Status status = Run(i, index - first);
      if (!status.ok()) return Fail(std::move(status));
    }
  }

  Status TakeFailure() { return std::move(failure_); }

 private:
  void AddHalf(size_t layer, size_t half, size_t teams, size_t place,
               std::vector<LoopDivision>* divisions) {
    const size_t size = threads_ / teams;
    const size_t panels = job_.layers[layer].halves[half].weights->panels();
    const size_t team = std::min(size, panels);
    Membership& member = members_.emplace_back(team);
    member.first_thread = place % teams * size;
    const bool contended =
        teams > 1 && job_.layers[layer].merge == Merge::kConcat;
    divisions->push_back({1, team, StepsAtATime(job_, layer, half, job_.batch),
                          &member.barrier, contended});
    layers_[layer].threads += team;
  }

  Status Run(size_t index, size_t member) {
    HalfLoops<T>& half = loops_.halves()[index];
    TimeLoop<T>& loop = half.At(0, member);
    loop.Start();
    for (size_t begin = 0; begin < job_.timesteps; begin += half.chunk) {
      const size_t count = std::min(half.chunk, job_.timesteps - begin);
      if (!WaitForInputs(index, begin, count)) return Aborted();
      Status status = loop.Advance(begin);
      if (!status.ok()) return status;
      if (member == 0) {
        members_[index].done.store(begin + count, std::memory_order_release);
      }
    }
    loop.Finish();
    EndLoop(half.layer);
    return Status();
  }

  // Returns false when the call has failed or was cancelled.
  bool WaitForInputs(size_t index, size_t begin, size_t count) {
    const HalfLoops<T>& half = loops_.halves()[index];
    if (half.layer == 0) return true;
    const size_t below = job_.layers[half.layer - 1].half_count;
    const size_t first = index - half.half - below;
    SpinWait wait;
    for (;;) {
      size_t done[2] = {0, 0};
      for (size_t i = 0; i < below; ++i) {
        done[i] = members_[first + i].done.load(std::memory_order_acquire);
      }
      const bool merged =
          layers_[half.layer - 1].merged.load(std::memory_order_acquire);
      if (InputsAreReady(job_, half.layer, half.half, begin, count, done,
                         merged)) {
        return true;
      }
      if (failed_.load(std::memory_order_acquire) || job_.Cancelled()) {
        return false;
      }
      wait.Pause();
    }
  }

  // Merges a layer's halves if this was the last of its threads.
  void EndLoop(size_t layer) {
    if (!IsArithmetic(job_.layers[layer].merge)) return;
    LayerTeams& teams = layers_[layer];
    const size_t before = teams.ended.fetch_add(1, std::memory_order_acq_rel);
    if (before + 1 < teams.threads) return;
    MergeLayer(job_.layers[layer], {0, job_.batch});
    teams.merged.store(true, std::memory_order_release);
  }

  void Fail(Status status) {
    if (!failed_.exchange(true)) failure_ = std::move(status);
    for (Membership& member : members_) member.barrier.Break();
  }

  const StackJob& job_;
  const size_t threads_;
  StackLoops<T> loops_;
  std::deque<Membership> members_;  // one for each GRU
  std::deque<LayerTeams> layers_;
  std::atomic<bool> failed_{false};
  Status failure_;
};

}  // namespace

template <typename T>
Status RunTeams(const StackJob& job, const StackPlan& plan, bool* ran) {
  Teams<T> teams(job, plan);
  Status status = teams.Make();
  *ran = true;
  if (!status.ok()) return status;
  const auto body = [&](int thread) { teams.Work(thread); };
  *ran = ThreadPool::Get().TryRun(plan.threads, std::cref(body));
  return teams.TakeFailure();
}

template Status RunTeams<float>(const StackJob&, const StackPlan&, bool*);
template Status RunTeams<double>(const StackJob&, const StackPlan&, bool*);

}  // namespace cudnn_gru
