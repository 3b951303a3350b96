// Kernels for neon. Its compiler flags are in native/sources.json.
#include "cpu/kernels/vec_neon.h"
// clang-format off
#include "cpu/kernels/kernels_body.inc"
// clang-format on

namespace cudnn_gru {

const KernelSet kNeonKernels = {"neon", MakeKernels<float>(),
                                MakeKernels<double>(), MakeOrthogonalKernels()};

}  // namespace cudnn_gru
