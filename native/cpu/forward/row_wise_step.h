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
  void Multiply(const LayerKernels<T>& layer_kernels,
                const StepArguments<T>& arguments) const;
  // Adds the input part and the recurrent part of one gate, and unpacks the sum
  // into a row. Multiplies the recurrent part by `scale` unless that is null.
  void Gather(const Kernels<T>& kernels, const StepArguments<T>& arguments,
              size_t row, int gate, const T* scale, T* out) const;
  // Copies a row of units to a part of its record.
  void Save(const Kernels<T>& kernels, const StepArguments<T>& arguments,
            size_t row, RecordPart part, const T* from) const;
  // Copies the row's previous state and the recurrent part of gate h to its
  // record.
  void SaveRow(const Kernels<T>& kernels, const StepArguments<T>& arguments,
               size_t row) const;
  // Applies the activation of `gate` to a row.
  Status Activate(const GruDescription& description, const Kernels<T>& kernels,
                  ActivationCallback* custom, RecordPart gate, const T* x,
                  T* y) const;

  T** products_ = nullptr;  // the packed recurrent products of each row
  T* product_data_ = nullptr;
  size_t row_stride_ = 0;
  T* sum_ = nullptr;        // (U,), the pre-activation of a gate
  T* z_ = nullptr;          // (U,)
  T* r_ = nullptr;          // (U,)
  T* candidate_ = nullptr;  // (U,)
  T* sorted_ = nullptr;     // (U,)
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_ROW_WISE_STEP_H_
