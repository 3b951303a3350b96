#include "model/model_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/activations/row_activations.h"
#include "cpu/reference/reference_activations.h"

namespace cudnn_gru {
namespace {

// The panels of the reference have as many lanes as those of SSE2.
constexpr size_t kReferenceLanes = 4;

template <typename T>
void ReferenceMultiply(const MatrixArguments<T>& a) {
  for (size_t row = 0; row < a.rows; ++row) {
    for (size_t column = 0; column < a.columns; ++column) {
      const T* const weights =
          a.weights + column / kReferenceLanes * a.depth * kReferenceLanes +
          column % kReferenceLanes;
      T sum = a.bias == nullptr ? T(0) : a.bias[column];
      for (size_t k = 0; k < a.depth; ++k) {
        sum += a.operand[row][k] * weights[k * kReferenceLanes];
      }
      a.out[row][column] = sum;
    }
  }
}

template <typename T>
void ReferenceDot(const DotArguments<T>& a) {
  for (size_t row = 0; row < a.rows; ++row) {
    for (size_t column = 0; column < a.columns; ++column) {
      T sum = a.bias == nullptr ? T(0) : a.bias[column];
      for (size_t k = 0; k < a.depth; ++k) {
        sum += a.operand[row][k] * a.weights[column * a.depth + k];
      }
      a.out[row][column] = sum;
    }
  }
}

// Returns the largest of n values, or NaN if there is one.
template <typename T>
T Largest(const T* x, size_t n) {
  T largest = -std::numeric_limits<T>::infinity();
  for (size_t i = 0; i < n; ++i) {
    if (x[i] > largest || std::isnan(x[i])) largest = x[i];
  }
  return largest;
}

template <typename T>
void ReferenceSoftmax(const T* x, T* y, T*, size_t n) {
  const T largest = Largest(x, n);
  T sum = 0;
  for (size_t i = 0; i < n; ++i) {
    y[i] = std::exp(x[i] - largest);
    sum += y[i];
  }
  for (size_t i = 0; i < n; ++i) y[i] /= sum;
}

template <typename T>
void ReferenceLogSoftmax(const T* x, T* y, size_t n) {
  const T largest = Largest(x, n);
  T sum = 0;
  for (size_t i = 0; i < n; ++i) sum += std::exp(x[i] - largest);
  const T normaliser = std::log(sum);
  for (size_t i = 0; i < n; ++i) y[i] = x[i] - largest - normaliser;
}

template <typename T>
void ReferenceNormalize(const NormalizeArguments<T>& a) {
  const double count = static_cast<double>(a.n);
  double mean = 0;
  for (size_t i = 0; i < a.n && a.centered; ++i) {
    mean += static_cast<double>(a.x[i]) / count;
  }
  double squares = 0;
  for (size_t i = 0; i < a.n; ++i) {
    const double distance = static_cast<double>(a.x[i]) - mean;
    squares += distance * distance;
  }
  double factor =
      1 / std::sqrt(a.scaled ? squares / count + a.epsilon : squares);
  if (!a.scaled && factor > 1 / a.epsilon) factor = 1 / a.epsilon;
  for (size_t i = 0; i < a.n; ++i) {
    a.y[i] = static_cast<T>((static_cast<double>(a.x[i]) - mean) * factor);
  }
}

template <typename T>
void ReferenceActivate(const ActivationSpec& activation, const T* x, T* y,
                       size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = ActivateReference(activation, x[i]);
}

template <typename T>
const Kernels<T>& Of(const KernelSet& set);
template <>
const Kernels<float>& Of<float>(const KernelSet& set) {
  return set.f32;
}
template <>
const Kernels<double>& Of<double>(const KernelSet& set) {
  return set.f64;
}

}  // namespace

template <typename T>
ModelKernels<T> KernelsOf(const CpuIsa& isa) {
  if (isa.kernels == nullptr) {
    return {kReferenceLanes,
            {ReferenceMultiply<T>, ReferenceDot<T>, ReferenceSoftmax<T>,
             ReferenceLogSoftmax<T>, ReferenceNormalize<T>},
            ReferenceActivate<T>};
  }
  const Kernels<T>& kernels = Of<T>(*isa.kernels);
  return {kernels.lanes, kernels.matrix, kernels.activate};
}

template <typename T>
void PackPanels(const ModelKernels<T>& kernels, const MatrixView<T>& matrix,
                size_t depth, size_t columns, T* packed) {
  const size_t lanes = kernels.lanes;
  for (size_t first = 0; first < columns; first += lanes) {
    const size_t count = std::min(lanes, columns - first);
    const T* const from = matrix.data + first * matrix.column_stride;
    if (count < lanes) std::fill_n(packed, depth * lanes, T(0));
    if (matrix.column_stride == 1) {
      for (size_t k = 0; k < depth; ++k) {
        std::copy_n(from + k * matrix.row_stride, count, packed + k * lanes);
      }
    } else {
      // Reads along the columns, which are contiguous in memory.
      for (size_t i = 0; i < count; ++i) {
        const T* const column = from + i * matrix.column_stride;
        T* const to = packed + i;
        for (size_t k = 0; k < depth; ++k) {
          to[k * lanes] = column[k * matrix.row_stride];
        }
      }
    }
    packed += depth * lanes;
  }
}

template <typename T>
void ActivateRows(const ModelKernels<T>& kernels,
                  const ActivationSpec& activation, const RowShape& shape,
                  const T* x, T* y, T* scratch) {
  const size_t columns = shape.columns;
  if (activation.kind == Activation::kLinear) {
    if (x != y) std::copy_n(x, shape.rows * columns, y);
    return;
  }
  if (IsElementwise(activation.kind)) {
    kernels.activate(activation, x, y, shape.rows * columns);
    return;
  }
  if (columns == 0) return;
  for (size_t row = 0; row < shape.rows; ++row) {
    const T* const from = x + row * columns;
    T* const to = y + row * columns;
    ActivateRow(kernels.matrix, activation.kind, from, to, scratch, columns);
  }
}

size_t ActivationScratch(const ActivationSpec& activation, size_t columns) {
  return IsElementwise(activation.kind) ? 0 : columns;
}

template ModelKernels<float> KernelsOf(const CpuIsa&);
template ModelKernels<double> KernelsOf(const CpuIsa&);
template void PackPanels(const ModelKernels<float>&, const MatrixView<float>&,
                         size_t, size_t, float*);
template void PackPanels(const ModelKernels<double>&, const MatrixView<double>&,
                         size_t, size_t, double*);
template void ActivateRows(const ModelKernels<float>&, const ActivationSpec&,
                           const RowShape&, const float*, float*, float*);
template void ActivateRows(const ModelKernels<double>&, const ActivationSpec&,
                           const RowShape&, const double*, double*, double*);

}  // namespace cudnn_gru
