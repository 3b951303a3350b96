#include "cpu/stack/stack_loops.h"

#include <algorithm>

#include "cpu/forward/loop_scratch.h"
#include "cpu/forward/work_division.h"

namespace cudnn_gru {
namespace {

template <typename T>
const Kernels<T>& KernelsOf(const CpuWeights& weights);
template <>
const Kernels<float>& KernelsOf(const CpuWeights& weights) {
  return weights.isa().kernels->f32;
}
template <>
const Kernels<double>& KernelsOf(const CpuWeights& weights) {
  return weights.isa().kernels->f64;
}

Share ShareOf(const LoopDivision& division, const CpuWeights& weights,
              size_t batch, size_t group, size_t member) {
  const Range rows = RangeOf(batch, 1, group, division.row_groups);
  const Range panels = RangeOf(weights.panels(), 1, member, division.team);
  return {rows.begin,
          rows.end,
          panels.begin,
          panels.end,
          static_cast<int>(member),
          static_cast<int>(division.team),
          division.team == 1 ? nullptr : division.barrier};
}

}  // namespace

template <typename T>
Status StackLoops<T>::Make(const std::vector<LoopDivision>& divisions) {
  halves_.reserve(divisions.size());
  for (size_t layer = 0; layer < job_.layers.size(); ++layer) {
    for (size_t half = 0; half < job_.layers[layer].half_count; ++half) {
      const HalfJob& from = job_.layers[layer].halves[half];
      halves_.push_back({layer,
                         half,
                         divisions[halves_.size()],
                         {*from.weights, KernelsOf<T>(*from.weights), from.call,
                          job_.cancellation, from.saved, from.place},
                         0,
                         {}});
      HalfLoops<T>& made = halves_.back();
      made.job.place.contended = made.division.contended;
    }
  }
  BumpAllocator measure(nullptr);
  Take(measure);
  workspace_.emplace(measure.used());
  if (workspace_->data() == nullptr) {
    return OutOfMemory(measure.used(), "scratch memory for the call");
  }
  BumpAllocator allocator(workspace_->data());
  Take(allocator);
  return Status();
}

// Takes the scratch memory of all loops, and makes them unless the allocator is
// only measuring.
template <typename T>
void StackLoops<T>::Take(BumpAllocator& allocator) {
  for (HalfLoops<T>& half : halves_) {
    const CpuWeights& weights = half.job.weights;
    const LoopDivision& division = half.division;
    SharedScratch<T> shared;
    shared.Take(half.job, division.most_steps, allocator);
    half.chunk = shared.chunk;
    const bool measuring = shared.zeros == nullptr;
    if (!measuring) {
      std::fill_n(shared.zeros, weights.description().units, T(0));
      half.loops.reserve(division.row_groups * division.team);
    }
    for (size_t group = 0; group < division.row_groups; ++group) {
      for (size_t member = 0; member < division.team; ++member) {
        const Share share =
            ShareOf(division, weights, job_.batch, group, member);
        RowScratch<T> rows;
        rows.Take(weights.description(), half.job.call,
                  share.row_end - share.row_begin, shared, allocator);
        if (!measuring) half.loops.emplace_back(half.job, share, shared, rows);
      }
    }
  }
}

MergeRows RowsOfGroup(size_t batch, size_t group, size_t count) {
  const Range range = RangeOf(batch, 1, group, count);
  return {range.begin, range.end};
}

bool InputsAreReady(const StackJob& job, size_t layer, size_t half,
                    size_t begin, size_t count, const size_t done[2],
                    bool merged) {
  if (layer == 0) return true;
  const LayerJob& below = job.layers[layer - 1];
  if (IsArithmetic(below.merge)) return merged;
  // The steps that are needed, in the order of the layer's input.
  const size_t end = begin + count;
  const bool backwards = job.layers[layer].halves[half].call.go_backwards;
  const size_t first = backwards ? job.timesteps - end : begin;
  const size_t last = backwards ? job.timesteps - begin : end;
  if (done[0] < last) return false;
  // The backward half writes its steps in the reverse order.
  return below.half_count == 1 || done[1] >= job.timesteps - first;
}

template class StackLoops<float>;
template class StackLoops<double>;

}  // namespace cudnn_gru
