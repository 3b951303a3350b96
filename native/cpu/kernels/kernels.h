#ifndef CUDNN_GRU_CPU_KERNELS_KERNELS_H_
#define CUDNN_GRU_CPU_KERNELS_KERNELS_H_

// The interface of the kernels that are compiled once for each instruction set,
// and the layout of the data they work on.
//
// Hazard (one-definition rule): this header is included by units that are
// compiled for different instruction sets. The compiler would emit an inline
// function of a shared header, even of the standard library, into such a unit
// with, say, AVX-512 code, and the linker may keep that copy for every caller.
// So this header holds plain structures only, and includes only such headers.

#include <stddef.h>

#include "core/activation.h"
#include "core/half_kernels.h"
#include "cpu/kernels/backward_kernels.h"
#include "cpu/kernels/matrix_kernels.h"

namespace cudnn_gru {

// Kernels work on panels: groups of `lanes` units, as many as fit in one
// vector. Packed weights are [panel][depth][gate][lane]; packed biases and
// projections are [panel][gate][lane]. The 3 gates have Keras's order z, r, h.
// Lanes beyond `units` hold zeros.
constexpr int kGates = 3;

// How the elements of packed weights are stored.
enum class WeightFormat {
  kPlain,    // elements of the layer's dtype
  kFloat16,  // 16 bits, which are widened when they are loaded
  kBfloat16,
  // Two bfloat16 of consecutive depths k and k + 1 in 32 bits, k in the upper
  // half, for even k: [panel][depth / 2][gate][lane]. Behind an odd depth the
  // lower half holds -0, which changes no sum.
  kBfloat16Pairs,
};

// out[row][panel][gate] = bias[panel][gate] +
//     sum over k of operand[gate][row][k] * weights[panel][k][gate]
// Each element is one chain of multiply-adds in the order of k, so the result
// for a row does not depend on the other rows.
template <typename T>
struct ProductArguments {
  size_t rows;
  size_t depth;
  // For each gate, the pointers to the rows, which have `depth` elements. When
  // all gates have the same array of pointers, which is usual, the kernel
  // computes them in one pass.
  const T* const* operand[kGates];
  const void* weights;  // in the format of the kernels
  const T* bias;
  size_t panel_begin;
  size_t panel_end;
  T* const* out;  // for each row, [panel][gate][lane]
};

// One time step for `rows` rows and a range of panels. Arrays of pointers have
// one pointer for each row. Rows of states have `units` elements without
// padding. `next` may not overlap `previous` or any operand.
template <typename T>
struct StepArguments {
  size_t rows;
  size_t units;
  // For each gate, the rows that are multiplied by the recurrent weights. They
  // are `previous`, times a dropout mask if there is one. For gate h with
  // reset_after=False they are `reset_state`.
  const T* const* operand[kGates];
  const void* weights;  // packed recurrent kernel, in the kernels' format
  const T* bias;        // packed recurrent bias; zeros when Keras has none
  size_t panel_begin;
  size_t panel_end;
  const T* const* projection;  // x @ kernel + bias, packed
  const T* const* previous;    // the state before the step
  T* const* next;              // the state after the step
  // The next three are for reset_after=False only.
  T* const* update;              // gate z; written by step_gates
  T* const* reset_state;         // r * reset_source
  const T* const* reset_source;  // `previous`, times dropout if there is any
  // The records of panel 0, which keep the step for a backward pass, and the
  // number of elements to the record of the next panel. Null when no backward
  // pass follows.
  T* const* saved;
  size_t saved_stride;
  ActivationSpec activation;
  ActivationSpec recurrent_activation;
  StateRounding rounding;  // of `next` and `reset_state`; kNone for double
};

// The kernels that read packed weights of one format.
template <typename T>
struct LayerKernels {
  WeightFormat format;
  // Whether two depths are multiplied at once. Of the operands only the upper
  // halves count then, and denormals count as zeros.
  bool dots;
  // The size of both matrices in float32 from which on a layer uses these
  // kernels and not those of weights that were widened.
  size_t least_bytes;
  void (*product)(const ProductArguments<T>& arguments);
  // Computes the whole step of a layer with reset_after=True.
  void (*step_reset_after)(const StepArguments<T>& arguments);
  // With reset_after=False, step_gates writes `update` and `reset_state`. When
  // all panels have them, step_candidate computes `next`.
  void (*step_gates)(const StepArguments<T>& arguments);
  void (*step_candidate)(const StepArguments<T>& arguments);
  // The products of the backward pass. Of bfloat16 layers they use dots too.
  void (*record_product)(const RecordProductArguments<T>& arguments);
  void (*outer_product)(const OuterProductArguments<T>& arguments);
};

template <typename T>
struct Kernels {
  size_t lanes;  // the number of units of a panel
  LayerKernels<T> layer;
  // Computes y[i] = activation(x[i]) for i < n. y may be x.
  void (*activate)(const ActivationSpec& activation, const T* x, T* y,
                   size_t n);
  BackwardKernels<T> backward;
  MatrixKernels<T> matrix;
};

// The operands of one matrix product. All matrices are row-major and have no
// gaps between rows.
struct MatrixProduct {
  const double* a;  // (m, k)
  const double* b;  // (n, k) when it is transposed, else (k, n)
  double* c;        // (m, n)
  size_t m;
  size_t n;
  size_t k;
};

// The matrix products of the orthogonal initializer.
struct OrthogonalKernels {
  // Computes c = a times the transpose of b.
  void (*multiply_transposed)(const MatrixProduct& product);
  // Computes c -= a times b.
  void (*subtract_product)(const MatrixProduct& product);
};

struct KernelSet {
  const char* isa;
  Kernels<float> f32;
  Kernels<double> f64;
  OrthogonalKernels orthogonal;
  HalfKernels half;
  // For weights of 16 bits; null for an instruction set that reads widened
  // weights instead. They return the same bits as f32.layer does for the
  // widened weights, but for the signs of NaN, unless there are denormals and
  // the kernels use dots.
  const LayerKernels<float>* float16_layer;
  const LayerKernels<float>* bfloat16_layer;
};

// Each is defined in isa_*.cc, if the build has that instruction set.
extern const KernelSet kBaselineKernels;
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;
// No Mac has AVX512-BF16, so binaries for macOS go without these kernels.
#if defined(CUDNN_GRU_HAVE_AVX512) && !defined(__APPLE__)
#define CUDNN_GRU_HAVE_AVX512_BF16
extern const KernelSet kAvx512Bf16Kernels;
#endif
extern const KernelSet kNeonKernels;

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_KERNELS_KERNELS_H_
