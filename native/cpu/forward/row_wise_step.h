#ifndef CUDNN_GRU_CPU_FORWARD_ROW_WISE_STEP_H_
#define CUDNN_GRU_CPU_FORWARD_ROW_WISE_STEP_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// Whether an activation of the layer needs whole rows, because it works on all
// units or is the user's own.
bool IsRowWise(const GruDescription& description);

// Computes one time step of a layer whose activations need whole rows. The
// recurrent products are written to memory, and then the gates are computed row
// by row. StepArguments must cover all panels of the layer.
template <typename T>
class RowWiseStep {
 public:
  // Takes the scratch of one thread with up to `rows` rows from `allocator`,
  // which may only be measuring. `row_stride` is the number of elements of a
  // packed row.
  void Take(const GruDescription& description, size_t rows, size_t row_stride,
            BumpAllocator& allocator);

  // Writes `arguments.next` for all rows. Also writes the rows' records and
  // `values` (SavedSteps::Values) unless they are null; `values` is for custom
  // activations only. Fails with kCallback when the user's activation failed.
  Status Run(const GruDescription& description, const Kernels<T>& kernels,
             const LayerKernels<T>& layer_kernels, StepArguments<T> arguments,
             T* const* values, ActivationCallback* custom) const;

 private:
  // The arguments of one call of Run.
  struct Call {
    const GruDescription& description;
    const Kernels<T>& kernels;
    const StepArguments<T>& arguments;
    T* const* values;
    ActivationCallback* custom;
  };

  void Multiply(const LayerKernels<T>& layer_kernels,
                const StepArguments<T>& arguments) const;
  // Computes z and r of a row, one behind the other, and saves them.
  Status ComputeGates(const Call& call, size_t row) const;
  // Computes the candidate and the next state of a row from its z. Multiplies
  // the candidate's recurrent part by `scale` unless that is null.
  Status ComputeNext(const Call& call, size_t row, const T* update,
                     const T* scale) const;
  // Adds the input part and the recurrent part of one gate, and unpacks the sum
  // into a row. Multiplies the recurrent part by `scale` unless that is null.
  void Gather(const Call& call, size_t row, RecordPart gate, const T* scale,
              T* out) const;
  // Applies the activation of `gate` to a row.
  Status Activate(const Call& call, RecordPart gate, const T* x, T* y) const;
  // Copies a row of units to a part of its record.
  void Save(const Call& call, size_t row, RecordPart part, const T* from) const;
  // Copies a gate's pre-activation x to the record, and y to the values, if the
  // call keeps them.
  void SaveGate(const Call& call, size_t row, RecordPart gate, const T* x,
                const T* y) const;
  // Copies the row's previous state and the recurrent part of gate h to its
  // record.
  void SaveRow(const Call& call, size_t row) const;

  T** products_ = nullptr;  // the packed recurrent products of each row
  T* product_data_ = nullptr;
  size_t row_stride_ = 0;
  T* sums_ = nullptr;       // (2, U), the pre-activations of z and r, or of h
  T* gates_ = nullptr;      // (2, U), z and r
  T* candidate_ = nullptr;  // (U,)
  T* scratch_ = nullptr;    // (U,)
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_ROW_WISE_STEP_H_
