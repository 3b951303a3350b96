// Kernels for baseline. Its compiler flags are in native/sources.json.
// clang-format off
#include "cpu/kernels/vec_baseline.h"
#include "cpu/kernels/half_baseline.h"
#include "cpu/kernels/kernels_body.inc"
// clang-format on

namespace cudnn_gru {

const KernelSet kBaselineKernels = {"baseline",
                                    MakeKernels<float>(),
                                    MakeKernels<double>(),
                                    MakeOrthogonalKernels(),
                                    MakeHalfKernels(),
                                    nullptr,
                                    nullptr};

}  // namespace cudnn_gru
