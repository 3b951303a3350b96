#include "core/tensor_size.h"

#include <string>

namespace cudnn_gru {
namespace {

// The most elements that one tensor may have. After this check, sizes in bytes
// with padding and alignment still fit size_t.
constexpr size_t kMaxElements = (static_cast<size_t>(1) << 46) - 1;

}  // namespace

bool MultiplySizes(size_t a, size_t b, size_t* product) {
  return !__builtin_mul_overflow(a, b, product) && *product <= kMaxElements;
}

Status TensorTooLarge(const char* tensor) {
  return Status(StatusCode::kShape, std::string("Expected a shape for `") +
                                        tensor + "` of at most " +
                                        std::to_string(kMaxElements) +
                                        " elements but received a larger one.");
}

}  // namespace cudnn_gru
