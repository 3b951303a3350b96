#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_WINDOWS_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_WINDOWS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/operands.h"

namespace cudnn_gru {

// The windows of a convolution or a pooling over height and width. Pairs are in
// this order. Output position o reads the input positions o * stride - pad + i
// * dilation for i < kernel, those of them that exist.
struct WindowSpec {
  std::array<size_t, 3> input = {};   // height, width, channels
  std::array<size_t, 3> output = {};  // height, width, channels
  std::array<size_t, 2> kernel = {1, 1};
  std::array<size_t, 2> strides = {1, 1};
  std::array<size_t, 2> dilation = {1, 1};
  std::array<size_t, 2> pad = {};
};

// Fails with kShape unless all numbers are so small that the positions fit, and
// the kernel, the strides and the dilation are at least 1.
void CheckWindows(const WindowSpec& windows, Operands* operands);

// Returns the input position, which need not exist: compare it with the size.
inline int64_t InputPosition(const WindowSpec& windows, size_t dimension,
                             size_t output, size_t offset) {
  return static_cast<int64_t>(output * windows.strides[dimension] +
                              offset * windows.dilation[dimension]) -
         static_cast<int64_t>(windows.pad[dimension]);
}

// Whether an input position exists.
inline bool Exists(const WindowSpec& windows, size_t dimension,
                   int64_t position) {
  return position >= 0 &&
         position < static_cast<int64_t>(windows.input[dimension]);
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_WINDOWS_H_
