#include "cpu/backward/row_wise_gradients.h"

#include <algorithm>

#include "core/half.h"
#include "cpu/activations/activation_derivatives.h"
#include "cpu/activations/row_activations.h"

namespace cudnn_gru {

template <typename T>
struct RowWiseGradients<T>::Row {
  const GruDescription& description;
  const Kernels<T>& kernels;
  const GateGradientArguments<T>& a;
  size_t i;
  const T* values;  // (3, U), or null
  ActivationCallback* custom;
  size_t begin;  // the first unit to compute
  size_t count;

  T* Part(size_t panel, RecordPart part) const {
    const size_t record = kRecordParts * kernels.lanes;
    return a.records + panel * a.stride + i * record + part * kernels.lanes;
  }
};

template <typename T>
void RowWiseGradients<T>::Take(size_t units, BumpAllocator& allocator) {
  for (T** array : {&x_, &y_, &candidate_x_, &candidate_y_, &previous_, &dy_,
                    &dx_, &d_candidate_, &scratch_}) {
    *array = allocator.Take<T>(units);
  }
  order_ = allocator.Take<size_t>(units);
}

template <typename T>
void RowWiseGradients<T>::Read(const Row& row, RecordPart part, T* to) const {
  const size_t lanes = row.kernels.lanes;
  for (size_t panel = row.a.panel_begin; panel < row.a.panel_end; ++panel) {
    const T* const from = row.Part(panel, part);
    const size_t count = std::min(lanes, row.a.units - panel * lanes);
    to = std::copy(from, from + count, to);
  }
}

// Sets the lanes beyond the units to zero.
template <typename T>
void RowWiseGradients<T>::Write(const Row& row, RecordPart part,
                                const T* from) const {
  const size_t lanes = row.kernels.lanes;
  for (size_t panel = row.a.panel_begin; panel < row.a.panel_end; ++panel) {
    T* const to = row.Part(panel, part);
    const size_t count = std::min(lanes, row.a.units - panel * lanes);
    std::copy(from, from + count, to);
    std::fill(to + count, to + lanes, T(0));
    from += count;
  }
}

template <typename T>
void RowWiseGradients<T>::WriteGradient(const Row& row, RecordPart part,
                                        T* gradient) const {
  RoundValues(row.a.gradient_rounding, gradient, row.count);
  Write(row, part, gradient);
}

template <typename T>
void RowWiseGradients<T>::Activated(const Row& row, RecordPart gate, T* x,
                                    T* y) const {
  const ActivationSpec& activation = gate == kRecordCandidate
                                         ? row.description.activation
                                         : row.description.recurrent_activation;
  Read(row, gate, x);
  if (activation.kind == Activation::kCustom) {
    const T* const value = row.values + gate * row.a.units;
    std::copy(value, value + row.count, y);
  } else if (IsElementwise(activation.kind)) {
    row.kernels.activate(activation, x, y, row.count);
  } else {
    ActivateRow(row.kernels.matrix, activation.kind, x, y, scratch_, row.count);
  }
}

template <typename T>
Status RowWiseGradients<T>::Differentiate(const Row& row, RecordPart gate,
                                          const T* x, const T* y, const T* dy,
                                          T* dx) const {
  const bool recurrent = gate != kRecordCandidate;
  const ActivationSpec& activation = recurrent
                                         ? row.description.recurrent_activation
                                         : row.description.activation;
  if (activation.kind == Activation::kCustom) {
    return row.custom->Differentiate(
        recurrent ? ActivationRole::kGate : ActivationRole::kCandidate, x, y,
        dy, dx, row.count);
  }
  if (!IsElementwise(activation.kind)) {
    RowActivationGradient<T>(activation.kind, {x, y, dy, dx, row.count},
                             order_);
  } else if (!row.kernels.backward.differentiate(activation, x, y, dy, dx,
                                                 row.count)) {
    for (size_t i = 0; i < row.count; ++i) {
      dx[i] = static_cast<T>(static_cast<double>(dy[i]) *
                             ActivationDerivative(activation, x[i]));
    }
  }
  return Status();
}

// Computes gates z and hh, whose gradients do not depend on reset_after. Also
// keeps the gradient of the candidate's pre-activation in d_candidate_.
template <typename T>
Status RowWiseGradients<T>::UpdateAndCandidate(const Row& row) const {
  T* const d_state = row.a.d_state[row.i] + row.begin;
  const T* const d_output =
      row.a.d_output == nullptr ? nullptr : row.a.d_output[row.i] + row.begin;
  Activated(row, kRecordCandidate, candidate_x_, candidate_y_);
  Activated(row, kRecordUpdate, x_, y_);
  Read(row, kRecordPrevious, previous_);
  for (size_t i = 0; i < row.count; ++i) {
    const T d_next = d_state[i] + (d_output == nullptr ? T(0) : d_output[i]);
    dx_[i] = d_next * (previous_[i] - candidate_y_[i]);
    dy_[i] = d_next * (T(1) - y_[i]);
    d_state[i] = d_next * y_[i];
  }
  // The candidate comes first, because x_, y_ and dx_ are still needed for the
  // update gate.
  Status status = Differentiate(row, kRecordCandidate, candidate_x_,
                                candidate_y_, dy_, d_candidate_);
  if (!status.ok()) return status;
  WriteGradient(row, kRecordCandidate, d_candidate_);
  status = Differentiate(row, kRecordUpdate, x_, y_, dx_, dy_);
  if (status.ok()) WriteGradient(row, kRecordUpdate, dy_);
  return status;
}

template <typename T>
Status RowWiseGradients<T>::ResetAfter(const Row& row) const {
  Status status = UpdateAndCandidate(row);
  if (!status.ok()) return status;
  Activated(row, kRecordReset, x_, y_);
  T* const recurrent = candidate_x_;
  Read(row, kRecordRecurrent, recurrent);
  for (size_t i = 0; i < row.count; ++i) {
    dy_[i] = d_candidate_[i] * recurrent[i];
    recurrent[i] = d_candidate_[i] * y_[i];
  }
  WriteGradient(row, kRecordRecurrent, recurrent);
  status = Differentiate(row, kRecordReset, x_, y_, dy_, dx_);
  if (status.ok()) WriteGradient(row, kRecordReset, dx_);
  return status;
}

template <typename T>
Status RowWiseGradients<T>::Reset(const Row& row) const {
  Activated(row, kRecordReset, x_, y_);
  Read(row, kRecordPrevious, previous_);
  T* const reset_state = candidate_x_;
  T* const d_state = row.a.d_state[row.i] + row.begin;
  const T* const d_reset_state = row.a.d_reset_state[row.i] + row.begin;
  const auto keep = [&row](size_t i) {
    return row.a.reset_dropout == nullptr
               ? T(1)
               : row.a.reset_dropout[row.i][row.begin + i];
  };
  T* const source = previous_;
  for (size_t i = 0; i < row.count; ++i) source[i] *= keep(i);
  RoundValues(row.a.rounding, source, row.count);
  for (size_t i = 0; i < row.count; ++i) {
    dy_[i] = d_reset_state[i] * source[i];
    reset_state[i] = y_[i] * source[i];
    d_state[i] += d_reset_state[i] * keep(i) * y_[i];
  }
  RoundValues(row.a.rounding, reset_state, row.count);
  Write(row, kRecordRecurrent, reset_state);
  const Status status = Differentiate(row, kRecordReset, x_, y_, dy_, dx_);
  if (status.ok()) WriteGradient(row, kRecordReset, dx_);
  return status;
}

template <typename T>
Status RowWiseGradients<T>::Run(GateStage stage,
                                const GruDescription& description,
                                const Kernels<T>& kernels,
                                const GateGradientArguments<T>& a,
                                const T* const* values,
                                ActivationCallback* custom) const {
  const size_t begin = std::min(a.units, a.panel_begin * kernels.lanes);
  const size_t end = std::min(a.units, a.panel_end * kernels.lanes);
  for (size_t i = 0; i < a.rows; ++i) {
    const Row row{description,
                  kernels,
                  a,
                  i,
                  values == nullptr ? nullptr : values[i],
                  custom,
                  begin,
                  end - begin};
    const Status status = stage == GateStage::kGates ? ResetAfter(row)
                          : stage == GateStage::kCandidate
                              ? UpdateAndCandidate(row)
                              : Reset(row);
    if (!status.ok()) return status;
  }
  return Status();
}

template class RowWiseGradients<float>;
template class RowWiseGradients<double>;

}  // namespace cudnn_gru
