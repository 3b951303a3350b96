// Kernels for avx2. Its compiler flags are in native/sources.json.
// clang-format off
#include "cpu/kernels/vec_avx2.h"
#include "cpu/kernels/half_avx2.h"
#include "cpu/kernels/kernels_body.inc"
// clang-format on

namespace cudnn_gru {

const KernelSet kAvx2Kernels = {"avx2", MakeKernels<float>(),
                                MakeKernels<double>(), MakeOrthogonalKernels(),
                                MakeHalfKernels()};

}  // namespace cudnn_gru
