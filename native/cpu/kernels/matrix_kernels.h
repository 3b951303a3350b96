#ifndef CUDNN_GRU_CPU_KERNELS_MATRIX_KERNELS_H_
#define CUDNN_GRU_CPU_KERNELS_MATRIX_KERNELS_H_

// The kernels of whole models (native/model). The hazard that kernels.h
// explains holds for this header too.

#include <stddef.h>

namespace cudnn_gru {

// out[row][c] = bias[c] + sum over k of operand[row][k] * weights[k][c]
// The weights are packed in panels of as many columns as a vector has lanes:
// [panel][depth][lane], with zeros beyond `columns`. Each element is one chain
// of multiply-adds in the order of k, so the result for a row does not depend
// on the other rows.
template <typename T>
struct MatrixArguments {
  size_t rows;
  size_t depth;
  size_t columns;
  const T* const* operand;  // for each row, `depth` elements
  const T* weights;
  const T* bias;  // (columns), or null for zeros
  T* const* out;  // for each row, `columns` elements
};

// The same for matrices of few columns, whose weights are (columns, depth).
// Each element is the sum of as many chains as a vector has lanes.
template <typename T>
struct DotArguments {
  size_t rows;
  size_t depth;
  size_t columns;
  const T* const* operand;
  const T* weights;
  const T* bias;  // (columns), or null for zeros
  T* const* out;
};

// y[i] = (x[i] - mean) * factor for n elements. y may be x.
template <typename T>
struct NormalizeArguments {
  const T* x;
  T* y;
  size_t n;
  double epsilon;
  bool centered;  // if not, the mean counts as 0
  // The factor is 1 / sqrt(mean of squares of the distances + epsilon) if this
  // is true, else min(1 / sqrt(sum of squares), 1 / epsilon).
  bool scaled;
};

template <typename T>
struct MatrixKernels {
  void (*multiply)(const MatrixArguments<T>& arguments);
  void (*dot)(const DotArguments<T>& arguments);
  // Compute the softmax of n elements, or its logarithm. y may be x. A NaN in x
  // makes all results NaN. Sums have an order that depends on n alone.
  // `scratch` has n elements.
  void (*softmax)(const T* x, T* y, T* scratch, size_t n);
  void (*log_softmax)(const T* x, T* y, size_t n);
  void (*normalize)(const NormalizeArguments<T>& arguments);
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_KERNELS_MATRIX_KERNELS_H_
