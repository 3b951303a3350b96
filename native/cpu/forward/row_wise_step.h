#ifndef CUDNN_GRU_CPU_FORWARD_ROW_WISE_STEP_H_
#define CUDNN_GRU_CPU_FORWARD_ROW_WISE_STEP_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// Whether an activation needs whole rows: one over all units, or the user's.
bool IsRowWise(const GruDescription& description);

// One time step whose activations need whole rows: the recurrent products go to
// memory, and the gates are computed row by row. The panels of a StepArguments
// must be all of the layer's.
template <typename T>
class RowWiseStep {
 public:
  // Takes the scratch of one thread that has up to `rows` rows; `row_stride` is
  // that of packed rows. The allocator may be only measuring.
  void Take(const GruDescription& description, size_t rows, size_t row_stride,
            BumpAllocator& allocator);

  // Writes `arguments.next` for all rows and, if they are given, the rows'
  // records and `values` (SavedSteps::Values; null unless custom). kCallback
  // when the user's activation failed.
  Status Run(const GruDescription& description, const Kernels<T>& kernels,
             StepArguments<T> arguments, T* const* values,
             ActivationCallback* custom) const;

 private:
  void Multiply(const Kernels<T>& kernels,
                const StepArguments<T>& arguments) const;
  // Input and recurrent part of one gate, unpacked into a row.
  void Gather(const Kernels<T>& kernels, const StepArguments<T>& arguments,
              size_t row, int gate, const T* scale, T* out) const;
  // Keeps a row of units as a part of its record.
  void Save(const Kernels<T>& kernels, const StepArguments<T>& arguments,
            size_t row, RecordPart part, const T* from) const;
  // Keeps what the gates of a row are made of beside their sums.
  void SaveRow(const Kernels<T>& kernels, const StepArguments<T>& arguments,
               size_t row) const;
  Status Activate(const GruDescription& description, const Kernels<T>& kernels,
                  ActivationCallback* custom, bool recurrent, const T* x,
                  T* y) const;

  T** products_ = nullptr;  // per row, packed recurrent products
  T* product_data_ = nullptr;
  size_t row_stride_ = 0;
  T* sum_ = nullptr;        // (U,) what an activation reads
  T* z_ = nullptr;          // (U,)
  T* r_ = nullptr;          // (U,)
  T* candidate_ = nullptr;  // (U,)
  T* sorted_ = nullptr;     // (U,)
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_ROW_WISE_STEP_H_
