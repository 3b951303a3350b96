#include "cpu/forward/row_wise_step.h"

#include <algorithm>

#include "core/half.h"
#include "cpu/activations/row_activations.h"

namespace cudnn_gru {

bool IsRowWise(const GruDescription& description) {
  return !IsElementwise(description.activation.kind) ||
         !IsElementwise(description.recurrent_activation.kind);
}

template <typename T>
void RowWiseStep<T>::Take(const GruDescription& description, size_t rows,
                          size_t row_stride, BumpAllocator& allocator) {
  products_ = allocator.Take<T*>(rows);
  product_data_ = allocator.Take<T>(rows * row_stride);
  row_stride_ = row_stride;
  sum_ = allocator.Take<T>(description.units);
  z_ = allocator.Take<T>(description.units);
  r_ = allocator.Take<T>(description.units);
  candidate_ = allocator.Take<T>(description.units);
  sorted_ = allocator.Take<T>(description.units);
}

template <typename T>
void RowWiseStep<T>::Multiply(const LayerKernels<T>& layer_kernels,
                              const StepArguments<T>& arguments) const {
  for (size_t row = 0; row < arguments.rows; ++row) {
    products_[row] = product_data_ + row * row_stride_;
  }
  ProductArguments<T> product;
  product.rows = arguments.rows;
  product.depth = arguments.units;
  std::copy(arguments.operand, arguments.operand + kGates, product.operand);
  product.weights = arguments.weights;
  product.bias = arguments.bias;
  product.panel_begin = arguments.panel_begin;
  product.panel_end = arguments.panel_end;
  product.out = products_;
  layer_kernels.product(product);
}

template <typename T>
void RowWiseStep<T>::Gather(const Kernels<T>& kernels,
                            const StepArguments<T>& arguments, size_t row,
                            int gate, const T* scale, T* out) const {
  for (size_t unit = 0; unit < arguments.units; ++unit) {
    const size_t packed =
        (unit / kernels.lanes * kGates + static_cast<size_t>(gate)) *
            kernels.lanes +
        unit % kernels.lanes;
    const T recurrent = products_[row][packed];
    out[unit] = arguments.projection[row][packed] +
                (scale == nullptr ? recurrent : scale[unit] * recurrent);
  }
}

template <typename T>
Status RowWiseStep<T>::Activate(const GruDescription& description,
                                const Kernels<T>& kernels,
                                ActivationCallback* custom, RecordPart gate,
                                const T* x, T* y) const {
  const bool recurrent = gate != kRecordCandidate;
  const ActivationSpec& activation =
      recurrent ? description.recurrent_activation : description.activation;
  if (activation.kind == Activation::kCustom) {
    return custom->Apply(
        recurrent ? ActivationRole::kGate : ActivationRole::kCandidate, x, y,
        description.units);
  }
  if (IsElementwise(activation.kind)) {
    kernels.activate(activation, x, y, description.units);
  } else {
    ActivateRow(activation.kind, x, y, sorted_, description.units);
  }
  return Status();
}

template <typename T>
void RowWiseStep<T>::Save(const Kernels<T>& kernels,
                          const StepArguments<T>& arguments, size_t row,
                          RecordPart part, const T* from) const {
  const size_t lanes = kernels.lanes;
  for (size_t panel = 0; panel * lanes < arguments.units; ++panel) {
    const size_t unit = panel * lanes;
    std::copy(
        from + unit, from + std::min(unit + lanes, arguments.units),
        arguments.saved[row] + panel * arguments.saved_stride + part * lanes);
  }
}

template <typename T>
void RowWiseStep<T>::SaveRow(const Kernels<T>& kernels,
                             const StepArguments<T>& arguments,
                             size_t row) const {
  if (arguments.saved == nullptr) return;
  Save(kernels, arguments, row, kRecordPrevious, arguments.previous[row]);
  const size_t lanes = kernels.lanes;
  for (size_t panel = 0; panel * lanes < arguments.units; ++panel) {
    const T* const from = products_[row] + (panel * kGates + 2) * lanes;
    std::copy(from, from + lanes,
              arguments.saved[row] + panel * arguments.saved_stride +
                  kRecordRecurrent * lanes);
  }
}

template <typename T>
Status RowWiseStep<T>::Run(const GruDescription& description,
                           const Kernels<T>& kernels,
                           const LayerKernels<T>& layer_kernels,
                           StepArguments<T> arguments, T* const* values,
                           ActivationCallback* custom) const {
  const size_t units = description.units;
  const bool reset_after = description.reset_after;
  // Computes a gate from its input part and its recurrent part times `scale`.
  const auto compute = [&](size_t row, RecordPart gate, const T* scale, T* y) {
    Gather(kernels, arguments, row, static_cast<int>(gate), scale, sum_);
    const Status status = Activate(description, kernels, custom, gate, sum_, y);
    if (arguments.saved != nullptr) {
      Save(kernels, arguments, row, gate, sum_);
      if (values != nullptr)
        std::copy(y, y + units, values[row] + gate * units);
    }
    return status;
  };
  const auto mix = [&](size_t row, const T* z) {
    const T* const previous = arguments.previous[row];
    T* const next = arguments.next[row];
    for (size_t unit = 0; unit < units; ++unit) {
      next[unit] =
          z[unit] * previous[unit] + (T(1) - z[unit]) * candidate_[unit];
    }
    RoundValues(arguments.rounding, next, units);
  };
  Multiply(layer_kernels, arguments);
  for (size_t row = 0; row < arguments.rows; ++row) {
    T* const z = reset_after ? z_ : arguments.update[row];
    Status status = compute(row, kRecordUpdate, nullptr, z);
    if (status.ok()) status = compute(row, kRecordReset, nullptr, r_);
    if (!status.ok()) return status;
    SaveRow(kernels, arguments, row);
    if (!reset_after) {
      for (size_t unit = 0; unit < units; ++unit) {
        arguments.reset_state[row][unit] =
            r_[unit] * arguments.reset_source[row][unit];
      }
      continue;
    }
    status = compute(row, kRecordCandidate, r_, candidate_);
    if (!status.ok()) return status;
    mix(row, z);
  }
  if (reset_after) return Status();
  // This also computes the products of z and r, which are not used. Row-wise
  // layers are rare, and a pass for a single gate would need one more kernel.
  for (int gate = 0; gate < kGates; ++gate) {
    arguments.operand[gate] = arguments.reset_state;
  }
  Multiply(layer_kernels, arguments);
  for (size_t row = 0; row < arguments.rows; ++row) {
    const Status status = compute(row, kRecordCandidate, nullptr, candidate_);
    if (!status.ok()) return status;
    mix(row, arguments.update[row]);
  }
  return Status();
}

template class RowWiseStep<float>;
template class RowWiseStep<double>;

}  // namespace cudnn_gru
