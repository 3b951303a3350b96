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
  sums_ = allocator.Take<T>(2 * description.units);
  gates_ = allocator.Take<T>(2 * description.units);
  candidate_ = allocator.Take<T>(description.units);
  scratch_ = allocator.Take<T>(description.units);
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
void RowWiseStep<T>::Gather(const Call& call, size_t row, RecordPart gate,
                            const T* scale, T* out) const {
  const StepArguments<T>& arguments = call.arguments;
  const size_t lanes = call.kernels.lanes;
  for (size_t panel = 0; panel * lanes < arguments.units; ++panel) {
    const size_t unit = panel * lanes;
    const size_t count = std::min(lanes, arguments.units - unit);
    const size_t packed = (panel * kGates + gate) * lanes;
    const T* __restrict const recurrent = products_[row] + packed;
    const T* __restrict const input = arguments.projection[row] + packed;
    T* __restrict const sum = out + unit;
    if (scale == nullptr) {
      for (size_t i = 0; i < count; ++i) sum[i] = input[i] + recurrent[i];
    } else {
      const T* __restrict const factor = scale + unit;
      for (size_t i = 0; i < count; ++i) {
        sum[i] = input[i] + factor[i] * recurrent[i];
      }
    }
  }
}

template <typename T>
Status RowWiseStep<T>::Activate(const Call& call, RecordPart gate, const T* x,
                                T* y) const {
  const bool recurrent = gate != kRecordCandidate;
  const size_t units = call.description.units;
  const ActivationSpec& activation = recurrent
                                         ? call.description.recurrent_activation
                                         : call.description.activation;
  if (activation.kind == Activation::kCustom) {
    return call.custom->Apply(
        recurrent ? ActivationRole::kGate : ActivationRole::kCandidate, x, y,
        units);
  }
  if (IsElementwise(activation.kind)) {
    call.kernels.activate(activation, x, y, units);
  } else {
    ActivateRow(call.kernels.matrix, activation.kind, x, y, scratch_, units);
  }
  return Status();
}

template <typename T>
void RowWiseStep<T>::Save(const Call& call, size_t row, RecordPart part,
                          const T* from) const {
  const StepArguments<T>& arguments = call.arguments;
  const size_t lanes = call.kernels.lanes;
  for (size_t panel = 0; panel * lanes < arguments.units; ++panel) {
    const size_t unit = panel * lanes;
    std::copy(
        from + unit, from + std::min(unit + lanes, arguments.units),
        arguments.saved[row] + panel * arguments.saved_stride + part * lanes);
  }
}

template <typename T>
void RowWiseStep<T>::SaveGate(const Call& call, size_t row, RecordPart gate,
                              const T* x, const T* y) const {
  if (call.arguments.saved == nullptr) return;
  Save(call, row, gate, x);
  if (call.values == nullptr) return;
  const size_t units = call.description.units;
  std::copy(y, y + units, call.values[row] + gate * units);
}

template <typename T>
void RowWiseStep<T>::SaveRow(const Call& call, size_t row) const {
  const StepArguments<T>& arguments = call.arguments;
  if (arguments.saved == nullptr) return;
  Save(call, row, kRecordPrevious, arguments.previous[row]);
  const size_t lanes = call.kernels.lanes;
  for (size_t panel = 0; panel * lanes < arguments.units; ++panel) {
    const T* const from = products_[row] + (panel * kGates + 2) * lanes;
    std::copy(from, from + lanes,
              arguments.saved[row] + panel * arguments.saved_stride +
                  kRecordRecurrent * lanes);
  }
}

template <typename T>
Status RowWiseStep<T>::ComputeGates(const Call& call, size_t row) const {
  const size_t units = call.description.units;
  const ActivationSpec& activation = call.description.recurrent_activation;
  Gather(call, row, kRecordUpdate, nullptr, sums_);
  Gather(call, row, kRecordReset, nullptr, sums_ + units);
  if (IsElementwise(activation.kind)) {
    // Both at once, because a small layer has few vectors of each.
    call.kernels.activate(activation, sums_, gates_, 2 * units);
  } else {
    Status status = Activate(call, kRecordUpdate, sums_, gates_);
    if (status.ok()) {
      status = Activate(call, kRecordReset, sums_ + units, gates_ + units);
    }
    if (!status.ok()) return status;
  }
  SaveGate(call, row, kRecordUpdate, sums_, gates_);
  SaveGate(call, row, kRecordReset, sums_ + units, gates_ + units);
  SaveRow(call, row);
  return Status();
}

template <typename T>
Status RowWiseStep<T>::ComputeNext(const Call& call, size_t row,
                                   const T* update, const T* scale) const {
  const size_t units = call.description.units;
  Gather(call, row, kRecordCandidate, scale, sums_);
  const Status status = Activate(call, kRecordCandidate, sums_, candidate_);
  if (!status.ok()) return status;
  SaveGate(call, row, kRecordCandidate, sums_, candidate_);
  const T* __restrict const z = update;
  const T* __restrict const previous = call.arguments.previous[row];
  const T* __restrict const candidate = candidate_;
  T* __restrict const next = call.arguments.next[row];
  for (size_t unit = 0; unit < units; ++unit) {
    next[unit] = z[unit] * previous[unit] + (T(1) - z[unit]) * candidate[unit];
  }
  RoundValues(call.arguments.rounding, next, units);
  return status;
}

template <typename T>
Status RowWiseStep<T>::Run(const GruDescription& description,
                           const Kernels<T>& kernels,
                           const LayerKernels<T>& layer_kernels,
                           StepArguments<T> arguments, T* const* values,
                           ActivationCallback* custom) const {
  const Call call = {description, kernels, arguments, values, custom};
  const size_t units = description.units;
  const T* const reset = gates_ + units;
  Multiply(layer_kernels, arguments);
  for (size_t row = 0; row < arguments.rows; ++row) {
    Status status = ComputeGates(call, row);
    if (status.ok() && description.reset_after) {
      status = ComputeNext(call, row, gates_, reset);
    }
    if (!status.ok()) return status;
    if (description.reset_after) continue;
    std::copy(gates_, gates_ + units, arguments.update[row]);
    for (size_t unit = 0; unit < units; ++unit) {
      arguments.reset_state[row][unit] =
          reset[unit] * arguments.reset_source[row][unit];
    }
    RoundValues(arguments.rounding, arguments.reset_state[row], units);
  }
  if (description.reset_after) return Status();
  // This also computes the products of z and r, which are not used. Row-wise
  // layers are rare, and a pass for a single gate would need one more kernel.
  for (int gate = 0; gate < kGates; ++gate) {
    arguments.operand[gate] = arguments.reset_state;
  }
  Multiply(layer_kernels, arguments);
  for (size_t row = 0; row < arguments.rows; ++row) {
    const Status status =
        ComputeNext(call, row, arguments.update[row], nullptr);
    if (!status.ok()) return status;
  }
  return Status();
}

template class RowWiseStep<float>;
template class RowWiseStep<double>;

}  // namespace cudnn_gru
