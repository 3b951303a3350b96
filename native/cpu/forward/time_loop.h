#ifndef CUDNN_GRU_CPU_FORWARD_TIME_LOOP_H_
#define CUDNN_GRU_CPU_FORWARD_TIME_LOOP_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/spin_barrier.h"
#include "cpu/forward/forward_job.h"
#include "cpu/forward/loop_scratch.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The part of a call that one thread computes: a range of rows and a range of
// panels in every step. Threads that share rows wait for each other at
// `barrier`.
struct Share {
  size_t row_begin;
  size_t row_end;
  size_t panel_begin;
  size_t panel_end;
  int index;  // of `count` threads
  int count;
  SpinBarrier* barrier;  // null when no other thread has these rows
};

// Runs the time loop for one share: all of it with Run, or in parts with Start,
// then Advance until it has computed every step, then Finish. A stack's layers
// take turns in that way (cpu/stack).
template <typename T>
class TimeLoop {
 public:
  TimeLoop(const ForwardJob<T>& job, const Share& share,
           const SharedScratch<T>& shared, const RowScratch<T>& rows);

  // Fails with kAborted when the call was cancelled, and with kCallback when
  // the user's activation failed.
  Status Run();

  void Start();
  // Computes the steps from `begin`, which is where the last call ended, up to
  // a chunk of them (SharedScratch). Returns the errors of Run.
  Status Advance(size_t begin);
  void Finish();

 private:
  bool Active(size_t row, size_t step) const;
  size_t InputStep(size_t step) const;
  bool Meet() { return share_.barrier == nullptr || share_.barrier->Wait(); }
  bool Cancelled();
  bool Project(size_t begin, size_t count);
  bool PrepareInputs(size_t begin, size_t count);
  void WidenInputs(size_t row, size_t begin, size_t count, T* to) const;
  size_t CollectActiveRows(size_t step, size_t chunk_begin);
  bool Step(size_t step, size_t chunk_begin);
  bool ComputeStep(StepArguments<T>& arguments);
  void DropStates(size_t rows);
  void WriteOutputs(size_t step, size_t active) const;
  void WriteOutput(size_t row, size_t step, const T* values) const;
  void WriteMaskedOutput(size_t row, size_t step);

  const ForwardJob<T>& job_;
  const CpuWeights& weights_;
  const LayerKernels<T>& layer_kernels_;
  const GruDescription& description_;
  const GruCall& call_;
  const Share share_;
  const SharedScratch<T> shared_;
  const RowScratch<T> rows_;
  const SavedSteps* const saved_;  // null when no backward pass follows
  const bool saves_values_;
  const size_t units_;
  // This share's units, the only ones that it may write in any row.
  const size_t unit_begin_;
  const size_t unit_end_;
  Status failure_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_TIME_LOOP_H_
