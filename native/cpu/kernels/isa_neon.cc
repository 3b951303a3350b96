// Kernels for neon. Its compiler flags are in native/sources.json.
// clang-format off
#include "cpu/kernels/vec_neon.h"
#include "cpu/kernels/half_neon.h"
#include "cpu/kernels/kernels_body.inc"
// clang-format on

namespace cudnn_gru {

const KernelSet kNeonKernels = {"neon",
                                MakeKernels<float>(),
                                MakeKernels<double>(),
                                MakeOrthogonalKernels(),
                                MakeHalfKernels(),
                                nullptr,
                                nullptr};

}  // namespace cudnn_gru
