#ifndef CUDNN_GRU_CPU_STACK_STACK_LOOPS_H_
#define CUDNN_GRU_CPU_STACK_STACK_LOOPS_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "core/merge.h"
#include "core/spin_barrier.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cpu/forward/forward_job.h"
#include "cpu/forward/time_loop.h"
#include "cpu/stack/stack_job.h"

namespace cudnn_gru {

// How the loop over time of one GRU is divided: into groups of rows, and each
// group among the threads of a team, which share the units.
struct LoopDivision {
  size_t row_groups = 1;
  size_t team = 1;
  size_t most_steps = 0;           // to be computed at a time
  SpinBarrier* barrier = nullptr;  // of the team; null for one thread
  bool contended = false;          // OutputPlace
};

// The loops over time of one GRU.
template <typename T>
struct HalfLoops {
  size_t layer;
  size_t half;
  LoopDivision division;
  ForwardJob<T> job;
  size_t chunk;                    // how many steps Advance computes
  std::vector<TimeLoop<T>> loops;  // (row_groups, team)

  TimeLoop<T>& At(size_t group, size_t member) {
    return loops[group * division.team + member];
  }
};

// The loops of all GRUs of a stack, with their scratch memory.
template <typename T>
class StackLoops {
 public:
  explicit StackLoops(const StackJob& job) : job_(job) {}
  StackLoops(const StackLoops&) = delete;
  StackLoops& operator=(const StackLoops&) = delete;

  // Makes the loops. `divisions` has one entry for each GRU, in the order of
  // the layers, the forward half first. Fails with kOutOfMemory, and throws
  // std::bad_alloc.
  Status Make(const std::vector<LoopDivision>& divisions);

  std::vector<HalfLoops<T>>& halves() { return halves_; }

 private:
  void Take(BumpAllocator& allocator);

  const StackJob& job_;
  std::vector<HalfLoops<T>> halves_;
  std::optional<Workspace> workspace_;
};

// Returns the rows of a group, of `count` groups of a batch.
MergeRows RowsOfGroup(size_t batch, size_t group, size_t count);

// Whether the output of the layer below is ready for one GRU of `layer` to
// compute `count` steps from `begin` on. `done` has, for each half of the layer
// below, how many steps of the rows it has computed. `merged` is whether an
// arithmetic merge has taken place, and matters to no other layer.
bool InputsAreReady(const StackJob& job, size_t layer, size_t half,
                    size_t begin, size_t count, const size_t done[2],
                    bool merged);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_STACK_LOOPS_H_
