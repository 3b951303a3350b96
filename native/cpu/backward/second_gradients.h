#ifndef CUDNN_GRU_CPU_BACKWARD_SECOND_GRADIENTS_H_
#define CUDNN_GRU_CPU_BACKWARD_SECOND_GRADIENTS_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/gru_description.h"
#include "core/workspace.h"

namespace cudnn_gru {

// The gradients of the weights for the second group of rows
// (cpu/forward/saved_steps.h), until they are added to those of the first one.
template <typename T>
class SecondGradients {
 public:
  // Takes arrays for the gradients that are wanted from `allocator`, which may
  // only be measuring.
  void Take(const GruDescription& description, const GruGradients& wanted,
            BumpAllocator& allocator);
  // Returns the gradients of the second group's backward pass: `wanted` with
  // these arrays in place of those of the weights.
  GruGradients InPlaceOf(const GruGradients& wanted) const;
  // Adds the arrays to the gradients of the weights.
  void AddTo(const GruGradients& gradients) const;

 private:
  struct Array {
    T* data = nullptr;
    size_t size = 0;
  };

  static Array TakeOne(const void* wanted, size_t size,
                       BumpAllocator& allocator);
  static void Add(const Array& array, void* to);

  Array kernel_;
  Array recurrent_kernel_;
  Array bias_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_BACKWARD_SECOND_GRADIENTS_H_
