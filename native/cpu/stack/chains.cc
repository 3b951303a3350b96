#include "cpu/stack/chains.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/spin_wait.h"
#include "core/thread_pool.h"
#include "cpu/stack/concurrency.h"
#include "cpu/stack/stack_loops.h"

namespace cudnn_gru {
namespace {

constexpr int kNobody = -1;

// The loop over time of one GRU for a group of rows. `owner` is the thread that
// computes it, and the only one that may.
template <typename T>
struct alignas(64) Chain {
  HalfLoops<T>* half = nullptr;
  size_t group = 0;
  std::atomic<int> owner{kNobody};
  std::atomic<size_t> done{0};  // the steps that other chains may read
};

// A layer's state for a group of rows.
struct alignas(64) LayerRows {
  std::atomic<size_t> halves_done{0};
  std::atomic<bool> merged{false};
};

template <typename T>
class Chains {
 public:
  Chains(const StackJob& job, const StackPlan& plan)
      : job_(job), plan_(plan), loops_(job) {}

  Status Make() {
    std::vector<LoopDivision> divisions;
    const size_t groups = plan_.row_groups;
    const size_t rows = std::max<size_t>(1, job_.batch / groups);
    // With a group for each thread, one thread computes both halves of its
    // rows.
    const bool several = static_cast<size_t>(plan_.threads) > groups;
    for (size_t layer = 0; layer < job_.layers.size(); ++layer) {
      for (size_t half = 0; half < job_.layers[layer].half_count; ++half) {
        const bool contended =
            several && job_.layers[layer].merge == Merge::kConcat;
        divisions.push_back({groups, 1, StepsAtATime(job_, layer, half, rows),
                             nullptr, contended});
      }
    }
    Status status = loops_.Make(divisions);
    if (!status.ok()) return status;
    const size_t halves = loops_.halves().size();
    count_ = groups * halves;
    chains_.reset(new Chain<T>[count_]);
    layers_.reset(new LayerRows[groups * job_.layers.size()]);
    // All chains of a group lie side by side.
    for (size_t i = 0; i < count_; ++i) {
      chains_[i].half = &loops_.halves()[i % halves];
      chains_[i].group = i / halves;
    }
    unfinished_.store(count_, std::memory_order_relaxed);
    return status;
  }

  // Computes chains until all have ended or one has failed.
  void Work(int thread) {
    const size_t halves = loops_.halves().size();
    const size_t place = static_cast<size_t>(thread);
    const size_t group = place % plan_.row_groups;
    const size_t first =
        (group * halves + place / plan_.row_groups % halves) % count_;
    Chain<T>* own = nullptr;
    SpinWait wait;
    while (unfinished_.load(std::memory_order_acquire) != 0) {
      if (failed_.load(std::memory_order_acquire)) return;
      Chain<T>* const next = Next(own, first, thread);
      if (next == nullptr) {
        if (job_.Cancelled()) return Fail(Aborted());
        wait.Pause();
        continue;
      }
      wait = SpinWait();
      own = next;
      Status status = Advance(*own);
      if (!status.ok()) return Fail(std::move(status));
      if (own->done.load(std::memory_order_relaxed) == job_.timesteps) {
        own = nullptr;
      }
    }
  }

  Status TakeFailure() { return std::move(failure_); }

 private:
  bool Ready(const Chain<T>& chain) const {
    const size_t begin = chain.done.load(std::memory_order_relaxed);
    if (begin == job_.timesteps) return false;
    const size_t layer = chain.half->layer;
    if (layer == 0) return true;
    // The chains of the layer below lie in front of this layer's forward half.
    const size_t below = job_.layers[layer - 1].half_count;
    const Chain<T>* const producers = &chain - chain.half->half - below;
    size_t done[2] = {0, 0};
    for (size_t half = 0; half < below; ++half) {
      done[half] = producers[half].done.load(std::memory_order_acquire);
    }
    const size_t count = std::min(chain.half->chunk, job_.timesteps - begin);
    return InputsAreReady(
        job_, layer, chain.half->half, begin, count, done,
        RowsOf(layer - 1, chain.group).merged.load(std::memory_order_acquire));
  }

  // Returns the chain that the thread computes next and has made its own, or
  // null when it can only wait.
  Chain<T>* Next(Chain<T>* own, size_t first, int thread) {
    if (own != nullptr && Ready(*own)) return own;
    for (size_t i = 0; i < count_; ++i) {
      Chain<T>& chain = chains_[(first + i) % count_];
      int nobody = kNobody;
      if (chain.owner.load(std::memory_order_relaxed) != kNobody ||
          !Ready(chain) ||
          !chain.owner.compare_exchange_strong(nobody, thread,
                                               std::memory_order_acquire)) {
        continue;
      }
      // Another thread may have computed some of it in the meantime.
      if (!Ready(chain)) {
        chain.owner.store(kNobody, std::memory_order_release);
        continue;
      }
      if (own != nullptr) {
        own->owner.store(kNobody, std::memory_order_release);
      }
      return &chain;
    }
    return nullptr;
  }

  Status Advance(Chain<T>& chain) {
    TimeLoop<T>& loop = chain.half->At(chain.group, 0);
    const size_t begin = chain.done.load(std::memory_order_relaxed);
    const size_t end = std::min(begin + chain.half->chunk, job_.timesteps);
    if (begin == 0) loop.Start();
    Status status = loop.Advance(begin);
    if (!status.ok()) return status;
    if (end == job_.timesteps) {
      loop.Finish();
      EndHalf(chain);
    }
    chain.done.store(end, std::memory_order_release);
    if (end == job_.timesteps) {
      unfinished_.fetch_sub(1, std::memory_order_acq_rel);
    }
    return status;
  }

  // Merges the rows if this was the layer's last chain for them.
  void EndHalf(const Chain<T>& chain) {
    const LayerJob& layer = job_.layers[chain.half->layer];
    if (!IsArithmetic(layer.merge)) return;
    LayerRows& rows = RowsOf(chain.half->layer, chain.group);
    if (rows.halves_done.fetch_add(1, std::memory_order_acq_rel) == 0) return;
    MergeLayer(layer, RowsOfGroup(job_.batch, chain.group, plan_.row_groups));
    rows.merged.store(true, std::memory_order_release);
  }

  LayerRows& RowsOf(size_t layer, size_t group) const {
    return layers_[group * job_.layers.size() + layer];
  }

  void Fail(Status status) {
    if (!failed_.exchange(true)) failure_ = std::move(status);
  }

  const StackJob& job_;
  const StackPlan& plan_;
  StackLoops<T> loops_;
  size_t count_ = 0;
  std::unique_ptr<Chain<T>[]> chains_;   // (row_groups, halves)
  std::unique_ptr<LayerRows[]> layers_;  // (row_groups, layers)
  std::atomic<size_t> unfinished_{0};
  std::atomic<bool> failed_{false};
  Status failure_;
};

}  // namespace

template <typename T>
Status RunChains(const StackJob& job, const StackPlan& plan, bool* ran) {
  Chains<T> chains(job, plan);
  Status status = chains.Make();
  *ran = true;
  if (!status.ok()) return status;
  if (plan.threads == 1) {
    chains.Work(0);
  } else {
    const auto body = [&](int thread) { chains.Work(thread); };
    *ran = ThreadPool::Get().TryRunWithHelp(plan.threads, std::cref(body));
  }
  return chains.TakeFailure();
}

template Status RunChains<float>(const StackJob&, const StackPlan&, bool*);
template Status RunChains<double>(const StackJob&, const StackPlan&, bool*);

}  // namespace cudnn_gru
