#ifndef CUDNN_GRU_CPU_STACK_STACK_COSTS_H_
#define CUDNN_GRU_CPU_STACK_STACK_COSTS_H_

#include <cstddef>

#include "core/measured_choice.h"
#include "cpu/forward/work_division.h"
#include "cpu/stack/stack_job.h"

namespace cudnn_gru {

// Estimates of how long the ways to share a stack take. They count in the time
// that it takes to read a byte from the second-level cache, and only compare
// with each other. What decides is how often a thread reads weights, and
// whether they stay in its second-level cache, which has `cache_bytes`.
struct StackCosts {
  const StackJob& job;
  size_t threads;
  size_t cache_bytes;

  // How a call of its own would share a GRU: with barriers where they pay on an
  // idle machine, or without any.
  Division DivisionOf(const HalfJob& half, Way way) const;

  // One GRU after the other, each on all threads as in a call of its own.
  double OneByOne(Way way) const;
  // Chains for so many groups of rows (StackSplit::kChains).
  double Chains(size_t row_groups) const;
  // StackSplit::kTeams.
  double Teams() const;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_STACK_COSTS_H_
