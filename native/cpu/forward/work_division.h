#ifndef CUDNN_GRU_CPU_FORWARD_WORK_DIVISION_H_
#define CUDNN_GRU_CPU_FORWARD_WORK_DIVISION_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_call.h"
#include "core/measured_choice.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// A computation of fewer floating-point operations ends before other threads
// have woken up.
constexpr double kMinParallelFlops = 4e6;
// The number of rows that fill the register tiles of a thread.
constexpr size_t kMinRowsPerThread = 8;

// The passes whose times are measured apart.
enum class PassKind { kForward, kForwardThatSaves, kBackward };

enum class Split { kNone, kRows, kUnits };

// How the threads of one call share its work.
struct Division {
  Split split;
  int threads;
  // Identifies calls of this size in MeasuredChoices where units could be
  // divided, and is 0 where they could not.
  uint64_t size = 0;

  Way way() const {
    return split == Split::kUnits ? Way::kBarriers : Way::kNoBarriers;
  }
};

// Returns how `threads` threads share a call on an idle machine. Rows come
// first, because threads that have rows of their own never wait for each other.
// A small batch of a large layer is divided by units instead, with a barrier
// after each step.
Division DivideWhereIdle(const GruDescription& description, const GruCall& call,
                         PassKind kind, size_t panels, int threads);
// Returns the same for a call that is divided without barriers.
Division DivideWithoutBarriers(const GruDescription& description,
                               const GruCall& call, PassKind kind, int threads);

// Chooses how the threads share the next call of this size: with barriers where
// such calls have turned out to be faster so.
Division Divide(const GruDescription& description, const GruCall& call,
                PassKind kind, size_t panels, int threads);

// Whether a step of a forward pass has so much work that threads may divide its
// units and meet at a barrier after it.
bool CanDivideUnits(const CpuWeights& weights, size_t batch);

// The indices from `begin` to `end - 1`.
struct Range {
  size_t begin;
  size_t end;
};

// The rows and panels that one thread of a division computes.
struct Part {
  Range rows;
  Range panels;
};

Part PartOf(const Division& division, int thread, size_t batch, size_t panels);

// Divides `size` indices into `count` nearly equal ranges and returns one of
// them. Ranges begin at multiples of `step`.
Range RangeOf(size_t size, size_t step, size_t index, size_t count);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_WORK_DIVISION_H_
