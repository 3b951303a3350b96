#ifndef CUDNN_GRU_CORE_TENSOR_SIZE_H_
#define CUDNN_GRU_CORE_TENSOR_SIZE_H_

#include <cstddef>

#include "core/status.h"

namespace cudnn_gru {

// Multiplies two sizes. Returns false when no tensor may have so many elements.
bool MultiplySizes(size_t a, size_t b, size_t* product);

// Returns the kShape error for a tensor that would have too many elements.
Status TensorTooLarge(const char* tensor);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_TENSOR_SIZE_H_
