// Kernels for avx2. Its compiler flags are in native/sources.json.
// clang-format off
#include "cpu/kernels/vec_avx2.h"
#include "cpu/kernels/half_avx2.h"
#include "cpu/kernels/kernels_body.inc"
// clang-format on

namespace cudnn_gru {

namespace {
constexpr LayerKernels<float> kFloat16Layer =
    MakeLayerKernels<Float16Weights<Vec<float>>>();
constexpr LayerKernels<float> kBfloat16Layer =
    MakeLayerKernels<Bfloat16Weights<Vec<float>>>();
}  // namespace

const KernelSet kAvx2Kernels = {"avx2",
                                MakeKernels<float>(),
                                MakeKernels<double>(),
                                MakeOrthogonalKernels(),
                                MakeHalfKernels(),
                                &kFloat16Layer,
                                &kBfloat16Layer};

}  // namespace cudnn_gru
