#ifndef CUDNN_GRU_CPU_STACK_STACK_JOB_H_
#define CUDNN_GRU_CPU_STACK_STACK_JOB_H_

#include <cstddef>
#include <vector>

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/merge.h"
#include "cpu/forward/forward_job.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// How the threads of one call share a stack.
enum class StackSplit {
  // One GRU after the other, each on all threads (work_division.h).
  kOneByOne,
  // Chains: a chain is the loop over time of one GRU for a group of rows. One
  // thread computes a chain, and waits where it needs what another has not
  // computed yet.
  kChains,
  // Teams: one GRU is computed by a team of threads, which divide its units,
  // and as many GRUs at a time as can be.
  kTeams,
};

// One GRU of a stack, whose call has all of its pointers.
struct HalfJob {
  const CpuWeights* weights = nullptr;
  const SavedSteps* saved = nullptr;  // null when no backward pass follows
  GruCall call;
  OutputPlace place = {0, 0, 0};
};

// One layer of a stack. When the merge is arithmetic, the halves write to
// memory of their own, with the steps in the order of the merged output.
// Otherwise they write to the layer's output.
struct LayerJob {
  HalfJob halves[2];
  size_t half_count = 1;
  Merge merge = Merge::kNone;
  MergedOutput output = {nullptr, false};  // the layer's (first) output
};

// A whole call of a stack. All layers have one dtype.
struct StackJob {
  std::vector<LayerJob> layers;
  size_t batch = 0;
  size_t timesteps = 0;
  const Cancellation* cancellation = nullptr;  // may be null

  Dtype dtype() const {
    return layers[0].halves[0].weights->description().dtype;
  }
  bool Cancelled() const {
    return cancellation != nullptr && cancellation->requested();
  }
};

// Merges these rows of a layer whose merge is arithmetic, when both halves have
// computed them.
void MergeLayer(const LayerJob& layer, const MergeRows& rows);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_STACK_STACK_JOB_H_
