#ifndef CUDNN_GRU_CPU_KERNELS_KERNELS_H_
#define CUDNN_GRU_CPU_KERNELS_KERNELS_H_

// What a set of kernels for one ISA offers, and the layout it works on.
//
// Hazard (one-definition rule): this header is compiled into units with other
// instruction sets. An inline function of a shared header, the standard
// library's included, would be emitted there with, say, AVX-512 code, and the
// linker may keep that copy for every caller. So this header holds plain
// structures only, and includes nothing but such headers.

#include <stddef.h>

#include "core/activation.h"
#include "core/half_kernels.h"
#include "cpu/kernels/backward_kernels.h"

namespace cudnn_gru {

// Units are handled in panels of `lanes` (one vector). Packed weights are
// [panel][depth][gate][lane], packed biases and projections
// [panel][gate][lane], with all 3 gates in Keras's order z, r, h; lanes beyond
// `units` hold zeros.
constexpr int kGates = 3;

// out[row][panel][gate] = bias[panel][gate] +
//     sum over k of operand[gate][row][k] * weights[panel][k][gate]
// One multiply-add chain an element, in the order of k: the result for a row
// does not depend on the rows beside it.
template <typename T>
struct ProductArguments {
  size_t rows;
  size_t depth;
  // For each gate the rows' pointers, each to `depth` elements. Equal pointers
  // for all gates (the usual case) take one pass.
  const T* const* operand[kGates];
  const T* weights;
  const T* bias;
  size_t panel_begin;
  size_t panel_end;
  T* const* out;  // per row, [panel][gate][lane]
};

// One time step for `rows` rows and the units of a range of panels. Rows of
// states have `units` elements, with no padding. `next` may not overlap
// `previous` or any operand.
template <typename T>
struct StepArguments {
  size_t rows;
  size_t units;
  // Per gate, what is multiplied by the recurrent weights: `previous`, times a
  // dropout mask if there is one, and, with reset_after=False, for gate h the
  // rows of `reset_state`.
  const T* const* operand[kGates];
  const T* weights;  // packed recurrent kernel
  const T* bias;     // packed recurrent bias (zeros where Keras has none)
  size_t panel_begin;
  size_t panel_end;
  const T* const* projection;  // per row, x @ kernel + bias, packed
  const T* const* previous;    // per row, the state before the step
  T* const* next;              // per row, the state after the step
  // reset_after=False only.
  T* const* update;              // per row, gate z; written by step_gates
  T* const* reset_state;         // per row, r * reset_source
  const T* const* reset_source;  // per row, `previous`, or it times dropout
  // Per row, the record of panel 0 that keeps the step for a backward pass, and
  // how far the next panel's is; null when none will come.
  T* const* saved;
  size_t saved_stride;
  ActivationSpec activation;
  ActivationSpec recurrent_activation;
};

template <typename T>
struct Kernels {
  size_t lanes;  // units of a panel
  void (*product)(const ProductArguments<T>& arguments);
  // reset_after=True: the whole step.
  void (*step_reset_after)(const StepArguments<T>& arguments);
  // reset_after=False: writes `update` and `reset_state` ...
  void (*step_gates)(const StepArguments<T>& arguments);
  // ... of which, once all panels are done, this makes `next`.
  void (*step_candidate)(const StepArguments<T>& arguments);
  // y[i] = activation(x[i]) for i < n; y may be x.
  void (*activate)(const ActivationSpec& activation, const T* x, T* y,
                   size_t n);
  BackwardKernels<T> backward;
};

// The operands of one product of matrices. All are row-major, and rows follow
// each other without gaps.
struct MatrixProduct {
  const double* a;  // (m, k)
  const double* b;  // (n, k) where it is transposed, else (k, n)
  double* c;        // (m, n)
  size_t m;
  size_t n;
  size_t k;
};

// Building blocks of the orthogonal initializer.
struct OrthogonalKernels {
  // c = a times the transpose of b.
  void (*multiply_transposed)(const MatrixProduct& product);
  // c -= a times b.
  void (*subtract_product)(const MatrixProduct& product);
};

struct KernelSet {
  const char* isa;
  Kernels<float> f32;
  Kernels<double> f64;
  OrthogonalKernels orthogonal;
  HalfKernels half;
};

// Defined in isa_*.cc where the compiler can make them.
extern const KernelSet kBaselineKernels;
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;
extern const KernelSet kNeonKernels;

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_KERNELS_KERNELS_H_
