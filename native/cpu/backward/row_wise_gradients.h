#ifndef CUDNN_GRU_CPU_BACKWARD_ROW_WISE_GRADIENTS_H_
#define CUDNN_GRU_CPU_BACKWARD_ROW_WISE_GRADIENTS_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// The functions of BackwardKernels with these names.
enum class GateStage { kGates, kCandidate, kReset };

// Computes the gate functions of one step backwards, row by row. It stands in
// for BackwardKernels::gates, candidate and reset in layers with activations
// other than tanh and sigmoid, whose records hold pre-activations. Activations
// that work on whole rows need all panels.
template <typename T>
class RowWiseGradients {
 public:
  // Takes the scratch of one thread from `allocator`, which may only be
  // measuring.
  void Take(size_t units, BumpAllocator& allocator);

  // `values` has, for each row, the values that forward computed from the
  // pre-activations, (3, U), for custom activations; else it is null. Fails
  // with kCallback when the user's derivative failed.
  Status Run(GateStage stage, const GruDescription& description,
             const Kernels<T>& kernels,
             const GateGradientArguments<T>& arguments, const T* const* values,
             ActivationCallback* custom) const;

 private:
  // One row of a step, and the data that its activations need.
  struct Row;

  void Read(const Row& row, RecordPart part, T* to) const;
  void Write(const Row& row, RecordPart part, const T* from) const;
  // Rounds the gradient in place, and writes it.
  void WriteGradient(const Row& row, RecordPart part, T* gradient) const;
  // Writes the pre-activation x of a gate and its value y.
  void Activated(const Row& row, RecordPart gate, T* x, T* y) const;
  // Computes the gradient dx of x from the gradient dy of y.
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
  T* scratch_ = nullptr;
  size_t* order_ = nullptr;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_ROW_WISE_GRADIENTS_H_
