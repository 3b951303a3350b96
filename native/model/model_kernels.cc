#include "model/model_kernels.h"

#include <algorithm>

#include "cpu/activations/row_activations.h"
#include "cpu/reference/reference_activations.h"

namespace cudnn_gru {
namespace {

// The panels of the reference have as many lanes as those of SSE2.
constexpr size_t kReferenceLanes = 4;

template <typename T>
void ReferenceProduct(const ProductArguments<T>& arguments) {
  constexpr size_t kStride = kGates * kReferenceLanes;
  for (size_t row = 0; row < arguments.rows; ++row) {
    for (size_t panel = arguments.panel_begin; panel < arguments.panel_end;
         ++panel) {
      const T* weights = arguments.weights + panel * arguments.depth * kStride;
      T* const out = arguments.out[row] + panel * kStride;
      std::copy_n(arguments.bias + panel * kStride, kStride, out);
      for (size_t k = 0; k < arguments.depth; ++k, weights += kStride) {
        for (size_t i = 0; i < kStride; ++i) {
          out[i] += arguments.operand[i / kReferenceLanes][row][k] * weights[i];
        }
      }
    }
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
    return {kReferenceLanes, ReferenceProduct<T>, ReferenceActivate<T>};
  }
  const Kernels<T>& kernels = Of<T>(*isa.kernels);
  return {kernels.lanes, kernels.product, kernels.activate};
}

template <typename T>
void ActivateRows(const ModelKernels<T>& kernels,
                  const ActivationSpec& activation, const T* x, T* y,
                  size_t rows, size_t columns, T* scratch) {
  if (activation.kind == Activation::kLinear) {
    if (x != y) std::copy_n(x, rows * columns, y);
    return;
  }
  if (IsElementwise(activation.kind)) {
    kernels.activate(activation, x, y, rows * columns);
    return;
  }
  if (columns == 0) return;
  for (size_t row = 0; row < rows; ++row) {
    ActivateRow(activation.kind, x + row * columns, scratch, scratch + columns,
                columns);
    std::copy_n(scratch, columns, y + row * columns);
  }
}

size_t ActivationScratch(const ActivationSpec& activation, size_t columns) {
  return IsElementwise(activation.kind) ? 0 : 2 * columns;
}

template ModelKernels<float> KernelsOf(const CpuIsa&);
template ModelKernels<double> KernelsOf(const CpuIsa&);
template void ActivateRows(const ModelKernels<float>&, const ActivationSpec&,
                           const float*, float*, size_t, size_t, float*);
template void ActivateRows(const ModelKernels<double>&, const ActivationSpec&,
                           const double*, double*, size_t, size_t, double*);

}  // namespace cudnn_gru
