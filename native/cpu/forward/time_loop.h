#ifndef CUDNN_GRU_CPU_FORWARD_TIME_LOOP_H_
#define CUDNN_GRU_CPU_FORWARD_TIME_LOOP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/gru_problem.h"
#include "core/thread_pool.h"
#include "core/workspace.h"
#include "cpu/forward/forward_job.h"
#include "cpu/forward/row_wise_step.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The part of a call that one thread computes: all steps of a range of rows
// and a range of panels. Threads that share rows meet at `barrier`.
struct Share {
  size_t row_begin;
  size_t row_end;
  size_t panel_begin;
  size_t panel_end;
  int index;  // of `count` threads
  int count;
  SpinBarrier* barrier;  // null when no other thread has these rows
};

// Arrays that all threads of a call work in. B rows throughout.
template <typename T>
struct SharedScratch {
  size_t chunk;       // steps projected at a time
  size_t row_stride;  // elements of a packed row: panels * 3 * lanes
  T* projection;      // (B, chunk, row_stride)
  T* dropped_inputs;  // (input_dropout_masks, B, chunk, F), or null
  T* states;          // (2, B, U), or null with return_sequences
  T* update;          // (B, U), reset_after=False
  T* reset_state;     // (B, U), reset_after=False
  T* dropped_states;  // (3, B, U), with recurrent dropout
  T* zeros;           // (U,), the state of a row before its first step

  // Takes the arrays for `call`; the allocator may be only measuring.
  void Take(const CpuWeights& weights, const GruCall& call, size_t lanes,
            BumpAllocator& allocator);
};

// Per-row pointers of one thread, indexed from its row_begin or, where noted,
// by the rows active in the current step.
template <typename T>
struct RowScratch {
  const T** state;     // where the row's state lies now
  uint8_t* seen;       // whether an unmasked step has come
  uint8_t* slot;       // half of SharedScratch::states to be written next
  size_t* active;      // rows of the current step
  const T** previous;  // by active row, as all below
  T** next;
  const T** projection;
  T** update;
  T** reset_state;
  T** saved;
  T** values;
  const T** dropped_state[kGates];
  const T** input[kGates];  // by projected row: (rows * chunk)
  T** projected;            // likewise
  RowWiseStep<T> row_wise;  // for layers that need it

  void Take(const GruDescription& description, const GruCall& call, size_t rows,
            const SharedScratch<T>& shared, BumpAllocator& allocator);
};

// The time loop of one share.
template <typename T>
class TimeLoop {
 public:
  TimeLoop(const ForwardJob<T>& job, const Share& share,
           const SharedScratch<T>& shared, const RowScratch<T>& rows);

  // kAborted when the call was cancelled, kCallback when the user's activation
  // failed.
  Status Run();

 private:
  bool Active(size_t row, size_t step) const;
  size_t InputStep(size_t step) const;
  bool Meet() { return share_.barrier == nullptr || share_.barrier->Wait(); }
  bool Cancelled();
  void Start();
  bool Project(size_t begin, size_t count);
  bool DropInputs(size_t begin, size_t count);
  size_t CollectActiveRows(size_t step, size_t chunk_begin);
  bool Step(size_t step, size_t chunk_begin);
  bool ComputeStep(StepArguments<T>& arguments);
  void DropStates(size_t rows);
  void RoundStates(size_t active);
  void WriteMaskedOutput(size_t row, size_t step);
  void Finish();

  const ForwardJob<T>& job_;
  const CpuWeights& weights_;
  const GruDescription& description_;
  const GruCall& call_;
  const Share share_;
  const SharedScratch<T> shared_;
  const RowScratch<T> rows_;
  const SavedSteps* const saved_;  // null when no backward pass will come
  const bool saves_values_;
  const size_t units_;
  // This share's units: what it may write of any row.
  const size_t unit_begin_;
  const size_t unit_end_;
  Status failure_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_TIME_LOOP_H_
