// Kernels for avx512 and avx512_bf16. Their compiler flags are in
// native/sources.json.
// clang-format off
#include "cpu/kernels/vec_avx512.h"
#include "cpu/kernels/half_avx512.h"
#include "cpu/kernels/kernels_body.inc"
// clang-format on

namespace cudnn_gru {

namespace {
constexpr LayerKernels<float> kFloat16Layer =
    MakeLayerKernels<Float16Weights<Vec<float>>>();
constexpr LayerKernels<float> kBfloat16Layer =
    MakeLayerKernels<Bfloat16PairWeights<Vec<float>>>();
#ifdef CUDNN_GRU_HAVE_AVX512_BF16
constexpr LayerKernels<float> kFloat16NarrowLayer =
    MakeLayerKernels<Float16NarrowWeights<Vec<float>, HalfRegisters>>();
constexpr LayerKernels<float> kBfloat16DotLayer =
    MakeLayerKernels<Bfloat16DotWeights<Vec<float>>>();
#endif
}  // namespace

const KernelSet kAvx512Kernels = {"avx512",
                                  MakeKernels<float>(),
                                  MakeKernels<double>(),
                                  MakeOrthogonalKernels(),
                                  MakeHalfKernels(),
                                  &kFloat16Layer,
                                  &kBfloat16Layer};

#ifdef CUDNN_GRU_HAVE_AVX512_BF16
const KernelSet kAvx512Bf16Kernels = {
    "avx512_bf16",           MakeKernels<float>(), MakeKernels<double>(),
    MakeOrthogonalKernels(), MakeHalfKernels(),    &kFloat16NarrowLayer,
    &kBfloat16DotLayer};
#endif

}  // namespace cudnn_gru
