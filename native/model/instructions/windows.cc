#include "model/instructions/windows.h"

namespace cudnn_gru {
namespace {

constexpr size_t kMaxExtent = static_cast<size_t>(1) << 30;

}  // namespace

void CheckWindows(const WindowSpec& windows, Operands* operands) {
  for (size_t i = 0; i < 2; ++i) {
    for (const size_t extent :
         {windows.input[i], windows.output[i], windows.kernel[i],
          windows.strides[i], windows.dilation[i], windows.pad[i]}) {
      operands->Require(extent <= kMaxExtent, "inputShape",
                        "sizes of at most 2^30");
    }
    operands->Require(windows.kernel[i] >= 1, "kernel", "at least 1");
    operands->Require(windows.strides[i] >= 1, "strides", "at least 1");
    operands->Require(windows.dilation[i] >= 1, "dilation", "at least 1");
  }
}

}  // namespace cudnn_gru
