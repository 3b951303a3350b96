#ifndef CUDNN_GRU_CPU_BACKWARD_ROW_WISE_GRADIENTS_H_
#define CUDNN_GRU_CPU_BACKWARD_ROW_WISE_GRADIENTS_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// Which of BackwardKernels: gates, candidate or reset.
enum class GateStage { kGates, kCandidate, kReset };

// The gate functions of one step backwards, row by row, for layers with other
// activations than tanh and sigmoid: what BackwardKernels::gates, candidate and
// reset do for these. Records hold pre-activations before. Activations over
// whole rows need all panels.
template <typename T>
class RowWiseGradients {
 public:
  // Takes the scratch of one thread. The allocator may be only measuring.
  void Take(size_t units, BumpAllocator& allocator);

  // `values` are, for custom activations, per row what forward made of the
  // pre-activations, (3, U); null otherwise. kCallback when the user's
  // derivative failed.
  Status Run(GateStage stage, const GruDescription& description,
             const Kernels<T>& kernels,
             const GateGradientArguments<T>& arguments, const T* const* values,
             ActivationCallback* custom) const;

 private:
  // One row's part of a step, and what its activations need.
  struct Row;

  void Read(const Row& row, RecordPart part, T* to) const;
  void Write(const Row& row, RecordPart part, const T* from) const;
  // The pre-activation x of a gate and its value y.
  void Activated(const Row& row, RecordPart gate, T* x, T* y) const;
  // dx, given dy.
  Status Differentiate(const Row& row, RecordPart gate, const T* x, const T* y,
                       const T* dy, T* dx) const;
  Status UpdateAndCandidate(const Row& row) const;
  Status ResetAfter(const Row& row) const;
  Status Reset(const Row& row) const;

  T* x_ = nullptr;  // each (U,)
  T* y_ = nullptr;
  T* candidate_x_ = nullptr;
  T* candidate_y_ = nullptr;
  T* previous_ = nullptr;
  T* dy_ = nullptr;
  T* dx_ = nullptr;
  T* d_candidate_ = nullptr;
  T* sorted_ = nullptr;
  size_t* order_ = nullptr;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_ROW_WISE_GRADIENTS_H_
