#include "cpu/backward/backward_loop.h"

#include <algorithm>

namespace cudnn_gru {

template <typename T>
BackwardLoop<T>::BackwardLoop(const BackwardJob<T>& job,
                              const BackwardShare& share,
                              const BackwardScratch<T>& scratch,
                              const BackwardPointers<T>& pointers,
                              const RowWiseGradients<T>& row_wise)
    : job_(job),
      weights_(job.weights),
      layer_kernels_(job.weights.template layer_kernels<T>()),
      description_(job.weights.description()),
      call_(job.call),
      saved_(job.saved),
      gradients_(job.gradients),
      share_(share),
      scratch_(scratch),
      pointers_(pointers),
      row_wise_(row_wise),
      units_(description_.units),
      lanes_(job.kernels.lanes),
      unit_begin_(share.panel_begin * lanes_),
      unit_end_(std::min(share.panel_end * lanes_, units_)),
      defaults_(HasDefaultActivations(description_)) {}

template <typename T>
bool BackwardLoop<T>::Cancelled() {
  if (job_.cancellation == nullptr || !job_.cancellation->requested())
    return false;
  if (share_.barrier != nullptr) share_.barrier->Break();
  return true;
}

template <typename T>
Status BackwardLoop<T>::Run() {
  const Status aborted = Aborted();
  Start();
  Sums sums = Sums::kStart;
  const SavedSteps::Block* const blocks = saved_.Blocks(share_.group);
  for (size_t i = saved_.BlockCount(); i-- > 0;) {
    for (size_t step = blocks[i].step_end; step-- > blocks[i].step_begin;) {
      if (Cancelled() || !Step(step)) {
        return failure_.ok() ? aborted : failure_;
      }
    }
    if (!Meet()) return aborted;
    BlockProducts<T> products(job_, blocks[i], {share_.index, share_.count},
                              scratch_, pointers_);
    products.Prepare();
    if (products.shares_operands() && !Meet()) return aborted;
    products.Run(sums);
    sums = Sums::kContinue;
    if (i == 0) products.WriteBias();
  }
  Finish();
  return Status();
}

template <typename T>
void BackwardLoop<T>::Start() {
  const T* const d_state = static_cast<const T*>(gradients_.d_state);
  const T* const d_output = static_cast<const T*>(gradients_.d_output);
  const size_t last = call_.timesteps - 1;
  for (size_t row = share_.row_begin; row < share_.row_end; ++row) {
    T* const to = scratch_.d_state + row * scratch_.row_stride;
    std::fill(to + unit_begin_, to + share_.panel_end * lanes_, T(0));
    if (d_state != nullptr) {
      const T* const from = d_state + row * units_;
      std::copy(from + unit_begin_, from + unit_end_, to + unit_begin_);
    }
    if (!call_.return_sequences && d_output != nullptr &&
        (saved_.Active(row, last) || RepeatsState(row, last))) {
      AddToState(row, d_output + row * units_);
    }
  }
}

// Whether the output of the masked step is the row's state, and not zeros.
template <typename T>
bool BackwardLoop<T>::RepeatsState(size_t row, size_t step) const {
  return !call_.zero_output_for_mask && saved_.Seen(row, step);
}

template <typename T>
void BackwardLoop<T>::AddToState(size_t row, const T* d_output) {
  T* const to = scratch_.d_state + row * scratch_.row_stride;
  for (size_t unit = unit_begin_; unit < unit_end_; ++unit) {
    to[unit] += d_output[unit];
  }
}

// Adds the gradients of the outputs of masked steps to the states that they
// repeat.
template <typename T>
void BackwardLoop<T>::AddMaskedOutputs(size_t step) {
  const T* const d_output = static_cast<const T*>(gradients_.d_output);
  if (d_output == nullptr || !call_.return_sequences) return;
  for (size_t row = share_.row_begin; row < share_.row_end; ++row) {
    if (!saved_.Active(row, step) && RepeatsState(row, step)) {
      AddToState(row, d_output + (row * call_.timesteps + step) * units_);
    }
  }
}

// Fills the pointers of this share's active rows of the step.
template <typename T>
void BackwardLoop<T>::CollectRows(size_t step, const uint32_t* rows,
                                  size_t count) {
  const T* const d_output = static_cast<const T*>(gradients_.d_output);
  const bool given = d_output != nullptr && call_.return_sequences;
  const bool dropped = call_.recurrent_dropout != nullptr;
  for (size_t i = 0; i < count; ++i) {
    const size_t row = rows[i];
    const size_t offset = row * scratch_.row_stride;
    pointers_.d_state[i] = scratch_.d_state + offset;
    if (given) {
      pointers_.d_output[i] =
          d_output + (row * call_.timesteps + step) * units_;
    }
    if (!description_.reset_after) {
      pointers_.d_reset_state[i] = scratch_.d_reset_state + offset;
    }
    if (saved_.has_values()) {
      pointers_.values[i] = saved_.Values<T>(row, step);
    }
    if (dropped) {
      pointers_.d_dropped_state[i] = scratch_.d_dropped_state + offset;
      pointers_.reset_dropout[i] = RecurrentDropout(2, row);
    }
  }
}

// Returns the arguments of the gate functions for `count` rows, from `slot` on.
template <typename T>
GateGradientArguments<T> BackwardLoop<T>::GateArguments(size_t step,
                                                        size_t slot,
                                                        size_t count) const {
  const SavedSteps::Block& block = saved_.BlockOf(step, share_.group);
  const bool given = gradients_.d_output != nullptr && call_.return_sequences;
  const bool dropped = call_.recurrent_dropout != nullptr;
  GateGradientArguments<T> gates;
  gates.rows = count;
  gates.units = units_;
  gates.panel_begin = share_.panel_begin;
  gates.panel_end = share_.panel_end;
  gates.records = saved_.Records<T>(block, slot);
  gates.stride = block.stride;
  gates.d_output = given ? pointers_.d_output : nullptr;
  gates.d_state = pointers_.d_state;
  gates.d_reset_state = pointers_.d_reset_state;
  gates.reset_dropout = dropped ? pointers_.reset_dropout : nullptr;
  gates.rounding = description_.state_rounding;
  gates.gradient_rounding = GradientRounding(description_);
  return gates;
}

// Returns the arguments of the products with the recurrent weights that follow
// the gate functions. The caller sets the gates and the output.
template <typename T>
RecordProductArguments<T> BackwardLoop<T>::ProductArgumentsFor(
    const GateGradientArguments<T>& gates) const {
  RecordProductArguments<T> product;
  product.rows = gates.rows;
  product.records = gates.records;
  product.stride = gates.stride;
  product.panels = weights_.panels();
  product.part[0] = kRecordUpdate;
  product.part[1] = kRecordReset;
  product.part[2] =
      description_.reset_after ? kRecordRecurrent : kRecordCandidate;
  product.weights = weights_.transposed_recurrent();
  product.out_begin = share_.panel_begin;
  product.out_end = share_.panel_end;
  product.columns = scratch_.row_stride;
  product.short_chains = false;
  return product;
}

template <typename T>
bool BackwardLoop<T>::Step(size_t step) {
  const uint32_t* const first = saved_.Rows(step);
  const uint32_t* const end = first + saved_.RowCount(step);
  // This share's rows among those of the step.
  const uint32_t* rows = first;
  while (rows < end && *rows < share_.row_begin) ++rows;
  const uint32_t* rows_end = rows;
  while (rows_end < end && *rows_end < share_.row_end) ++rows_end;
  const size_t count = static_cast<size_t>(rows_end - rows);
  if (count < share_.row_end - share_.row_begin) AddMaskedOutputs(step);
  CollectRows(step, rows, count);
  const size_t slot = count == 0 ? 0 : saved_.Slot(*rows, step);
  const GateGradientArguments<T> gates = GateArguments(step, slot, count);
  RecordProductArguments<T> product = ProductArgumentsFor(gates);
  if (description_.reset_after) {
    if (!ComputeGates(GateStage::kGates, gates)) return false;
    if (share_.by_units && !Meet()) return false;
    MultiplyByGates(product, kGates, rows);
    return true;
  }
  if (!ComputeGates(GateStage::kCandidate, gates)) return false;
  if (share_.by_units && !Meet()) return false;
  product.gate_begin = 2;
  product.gate_end = kGates;
  product.out = pointers_.d_reset_state;
  product.add = false;
  layer_kernels_.record_product(product);
  if (!ComputeGates(GateStage::kReset, gates)) return false;
  if (share_.by_units && !Meet()) return false;
  MultiplyByGates(product, 2, rows);
  return true;
}

template <typename T>
bool BackwardLoop<T>::ComputeGates(GateStage stage,
                                   const GateGradientArguments<T>& gates) {
  if (!defaults_) {
    failure_ = row_wise_.Run(stage, description_, job_.kernels, gates,
                             saved_.has_values() ? pointers_.values : nullptr,
                             gradients_.custom);
    return failure_.ok();
  }
  switch (stage) {
    case GateStage::kGates:
      job_.kernels.backward.gates(gates);
      break;
    case GateStage::kCandidate:
      job_.kernels.backward.candidate(gates);
      break;
    case GateStage::kReset:
      job_.kernels.backward.reset(gates);
      break;
  }
  return true;
}

template <typename T>
const T* BackwardLoop<T>::RecurrentDropout(size_t gate, size_t row) const {
  return static_cast<const T*>(call_.recurrent_dropout) +
         (gate * call_.batch + row) * units_;
}

// Adds the parts of the first `gates` gates to the gradient of the state.
template <typename T>
void BackwardLoop<T>::MultiplyByGates(RecordProductArguments<T>& product,
                                      size_t gates, const uint32_t* rows) {
  if (call_.recurrent_dropout == nullptr) {
    product.gate_begin = 0;
    product.gate_end = gates;
    product.out = pointers_.d_state;
    product.add = true;
    // This depends on the whole call and not on this share, so that the
    // division among threads does not change the order of sums.
    product.short_chains = gates == kGates && call_.batch == 1;
    layer_kernels_.record_product(product);
    return;
  }
  product.out = pointers_.d_dropped_state;
  product.add = false;
  for (size_t gate = 0; gate < gates; ++gate) {
    product.gate_begin = gate;
    product.gate_end = gate + 1;
    layer_kernels_.record_product(product);
    for (size_t i = 0; i < product.rows; ++i) {
      const T* const keep = RecurrentDropout(gate, rows[i]);
      const T* const from = pointers_.d_dropped_state[i];
      T* const to = pointers_.d_state[i];
      for (size_t unit = unit_begin_; unit < unit_end_; ++unit) {
        to[unit] += keep[unit] * from[unit];
      }
    }
  }
}

template <typename T>
void BackwardLoop<T>::Finish() {
  T* const d_initial = static_cast<T*>(gradients_.d_initial_state);
  if (d_initial != nullptr) {
    for (size_t row = share_.row_begin; row < share_.row_end; ++row) {
      const T* const from = scratch_.d_state + row * scratch_.row_stride;
      std::copy(from + unit_begin_, from + unit_end_,
                d_initial + row * units_ + unit_begin_);
    }
  }
}

template class BackwardLoop<float>;
template class BackwardLoop<double>;

}  // namespace cudnn_gru
