#ifndef CUDNN_GRU_CPU_BACKWARD_BACKWARD_LOOP_H_
#define CUDNN_GRU_CPU_BACKWARD_BACKWARD_LOOP_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_call.h"
#include "core/spin_barrier.h"
#include "cpu/backward/backward_job.h"
#include "cpu/backward/block_products.h"
#include "cpu/backward/row_wise_gradients.h"
#include "cpu/forward/saved_steps.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The part of one group of rows that one thread computes: a range of rows and a
// range of panels in every step, and its part of the products over all steps.
struct BackwardShare {
  size_t group;
  size_t row_begin;
  size_t row_end;
  size_t panel_begin;
  size_t panel_end;
  size_t index;  // of `count` threads that share the group
  size_t count;
  // Whether threads share rows. They then wait for each other within each step.
  bool by_units;
  SpinBarrier* barrier;  // null when there is one thread
};

// Runs the time loop backwards for one share.
template <typename T>
class BackwardLoop {
 public:
  BackwardLoop(const BackwardJob<T>& job, const BackwardShare& share,
               const BackwardScratch<T>& scratch,
               const BackwardPointers<T>& pointers,
               const RowWiseGradients<T>& row_wise);

  // Fails with kAborted when the call was cancelled, and with kCallback when
  // the user's derivative failed.
  Status Run();

 private:
  bool Meet() { return share_.barrier == nullptr || share_.barrier->Wait(); }
  bool Cancelled();
  void Start();
  bool RepeatsState(size_t row, size_t step) const;
  void AddToState(size_t row, const T* d_output);
  void AddMaskedOutputs(size_t step);
  bool Step(size_t step);
  void CollectRows(size_t step, const uint32_t* rows, size_t count);
  GateGradientArguments<T> GateArguments(size_t step, size_t slot,
                                         size_t count) const;
  RecordProductArguments<T> ProductArgumentsFor(
      const GateGradientArguments<T>& gates) const;
  bool ComputeGates(GateStage stage, const GateGradientArguments<T>& gates);
  const T* RecurrentDropout(size_t gate, size_t row) const;
  void MultiplyByGates(RecordProductArguments<T>& product, size_t gates,
                       const uint32_t* rows);
  void Finish();

  const BackwardJob<T>& job_;
  const CpuWeights& weights_;
  const LayerKernels<T>& layer_kernels_;
  const GruDescription& description_;
  const GruCall& call_;
  const SavedSteps& saved_;
  const GruGradients& gradients_;
  const BackwardShare share_;
  const BackwardScratch<T> scratch_;
  const BackwardPointers<T> pointers_;
  const RowWiseGradients<T> row_wise_;
  const size_t units_;
  const size_t lanes_;
  // This share's units, the only ones that it may write in any row's state.
  const size_t unit_begin_;
  const size_t unit_end_;
  // Whether the activations are tanh and sigmoid, which the kernels
  // differentiate.
  const bool defaults_;
  Status failure_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_BACKWARD_LOOP_H_
