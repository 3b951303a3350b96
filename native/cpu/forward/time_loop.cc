#include "cpu/forward/time_loop.h"

#include <algorithm>

#include "core/half.h"
#include "cpu/forward/dropped_values.h"

namespace cudnn_gru {
template <typename T>
TimeLoop<T>::TimeLoop(const ForwardJob<T>& job, const Share& share,
                      const SharedScratch<T>& shared, const RowScratch<T>& rows)
    : job_(job),
      weights_(job.weights),
      layer_kernels_(job.weights.template layer_kernels<T>()),
      description_(job.weights.description()),
      call_(job.call),
      share_(share),
      shared_(shared),
      rows_(rows),
      saved_(job.saved),
      saves_values_(saved_ != nullptr && saved_->has_values()),
      units_(description_.units),
      unit_begin_(share.panel_begin * job.kernels.lanes),
      unit_end_(std::min(share.panel_end * job.kernels.lanes, units_)) {}

template <typename T>
size_t TimeLoop<T>::InputStep(size_t step) const {
  return call_.go_backwards ? call_.timesteps - 1 - step : step;
}

template <typename T>
bool TimeLoop<T>::Active(size_t row, size_t step) const {
  const size_t t = InputStep(step);
  if (call_.mask != nullptr) return call_.mask[row * call_.timesteps + t] != 0;
  if (call_.lengths != nullptr) {
    return t < static_cast<size_t>(call_.lengths[row]);
  }
  return true;
}

template <typename T>
bool TimeLoop<T>::Cancelled() {
  if (job_.cancellation == nullptr || !job_.cancellation->requested())
    return false;
  if (share_.barrier != nullptr) share_.barrier->Break();
  return true;
}

template <typename T>
Status TimeLoop<T>::Run() {
  Start();
  for (size_t begin = 0; begin < call_.timesteps; begin += shared_.chunk) {
    Status status = Advance(begin);
    if (!status.ok()) return status;
  }
  Finish();
  return Status();
}

template <typename T>
Status TimeLoop<T>::Advance(size_t begin) {
  const size_t count = std::min(shared_.chunk, call_.timesteps - begin);
  if (Cancelled() || !Project(begin, count)) return Aborted();
  for (size_t step = begin; step < begin + count; ++step) {
    if (Cancelled() || !Step(step, begin)) {
      return failure_.ok() ? Aborted() : failure_;
    }
  }
  return Status();
}

template <typename T>
void TimeLoop<T>::Start() {
  const T* initial = static_cast<const T*>(call_.initial_state);
  for (size_t row = share_.row_begin; row < share_.row_end; ++row) {
    const size_t i = row - share_.row_begin;
    rows_.state[i] =
        initial == nullptr ? shared_.zeros : initial + row * units_;
    rows_.seen[i] = 0;
    rows_.slot[i] = 0;
  }
}

// Computes the input part of the gates for `count` steps, as one matrix product
// over all active pairs of row and step.
template <typename T>
bool TimeLoop<T>::Project(size_t begin, size_t count) {
  const bool prepared = shared_.inputs != nullptr;
  if (prepared && !PrepareInputs(begin, count)) return false;
  const size_t features = description_.features;
  const T* const inputs = static_cast<const T*>(call_.inputs);
  size_t projected = 0;
  for (size_t row = share_.row_begin; row < share_.row_end; ++row) {
    for (size_t step = begin; step < begin + count; ++step) {
      if (!Active(row, step)) continue;
      const size_t slot = row * shared_.chunk + (step - begin);
      rows_.projected[projected] =
          shared_.projection + slot * shared_.row_stride;
      if (prepared) {
        for (size_t mask = 0; mask < shared_.input_masks; ++mask) {
          rows_.input[mask][projected] =
              shared_.inputs +
              (mask * call_.batch * shared_.chunk + slot) * features;
        }
      } else {
        rows_.input[0][projected] =
            inputs + (row * call_.timesteps + InputStep(step)) * features;
      }
      ++projected;
    }
  }
  ProductArguments<T> product;
  product.rows = projected;
  product.depth = features;
  for (int gate = 0; gate < kGates; ++gate) {
    product.operand[gate] = rows_.input[gate];
  }
  product.weights = weights_.packed_kernel();
  product.bias = weights_.input_bias<T>();
  product.panel_begin = share_.panel_begin;
  product.panel_end = share_.panel_end;
  product.out = rows_.projected;
  layer_kernels_.product(product);
  return true;
}

// Widens the inputs and multiplies them by their dropout masks. Threads that
// share rows each prepare a part of the inputs, and all of them need the whole.
template <typename T>
bool TimeLoop<T>::PrepareInputs(size_t begin, size_t count) {
  const size_t features = description_.features;
  const T* const inputs = static_cast<const T*>(call_.inputs);
  const T* const masks = static_cast<const T*>(call_.input_dropout);
  for (size_t row = share_.row_begin; row < share_.row_end; ++row) {
    const size_t owner = row % static_cast<size_t>(share_.count);
    if (share_.barrier != nullptr &&
        owner != static_cast<size_t>(share_.index)) {
      continue;
    }
    const auto place = [&](size_t mask) {
      return shared_.inputs +
             (mask * call_.batch + row) * shared_.chunk * features;
    };
    // The place of the last mask's product, which is computed in place.
    T* const widened = place(shared_.input_masks - 1);
    if (call_.inputs_are_bits) WidenInputs(row, begin, count, widened);
    if (masks == nullptr) continue;
    for (size_t mask = 0; mask < shared_.input_masks; ++mask) {
      const T* const keep = masks + (mask * call_.batch + row) * features;
      for (size_t step = 0; step < count; ++step) {
        if (!Active(row, begin + step)) continue;
        const T* const x =
            call_.inputs_are_bits
                ? widened + step * features
                : inputs + (row * call_.timesteps + InputStep(begin + step)) *
                               features;
        T* const out = place(mask) + step * features;
        DropValues(description_.state_rounding, x, keep, out, features);
      }
    }
  }
  return Meet();
}

// Widens the row's active inputs of `count` steps from bits, in the order of
// the steps.
template <typename T>
void TimeLoop<T>::WidenInputs(size_t row, size_t begin, size_t count,
                              T* to) const {
  const size_t features = description_.features;
  const uint16_t* const bits = static_cast<const uint16_t*>(call_.inputs) +
                               row * call_.timesteps * features;
  size_t step = 0;
  while (step < count) {
    if (!Active(row, begin + step)) {
      ++step;
      continue;
    }
    // Without go_backwards, consecutive steps lie one after the other.
    size_t end = step + 1;
    while (!call_.go_backwards && end < count && Active(row, begin + end)) {
      ++end;
    }
    Widen(description_.state_rounding,
          bits + InputStep(begin + step) * features, to + step * features,
          (end - step) * features);
    step = end;
  }
}

// Fills the pointers of the rows that are active in the step, and writes the
// output of the masked rows. Returns the number of active rows.
template <typename T>
size_t TimeLoop<T>::CollectActiveRows(size_t step, size_t chunk_begin) {
  T* const output = static_cast<T*>(call_.output);
  size_t active = 0;
  for (size_t row = share_.row_begin; row < share_.row_end; ++row) {
    const size_t i = row - share_.row_begin;
    if (!Active(row, step)) {
      if (call_.return_sequences) WriteMaskedOutput(row, step);
      continue;
    }
    rows_.active[active] = i;
    rows_.previous[active] = rows_.state[i];
    if (OutputTakesStates(job_)) {
      rows_.next[active] = output + job_.place.At(row, step);
    } else {
      rows_.next[active] =
          shared_.states + (rows_.slot[i] * call_.batch + row) * units_;
      rows_.slot[i] ^= 1;
    }
    rows_.projection[active] =
        shared_.projection +
        (row * shared_.chunk + (step - chunk_begin)) * shared_.row_stride;
    if (saved_ != nullptr) {
      rows_.saved[active] = saved_->Record<T>(row, step);
      if (saves_values_) rows_.values[active] = saved_->Values<T>(row, step);
    }
    if (rows_.update != nullptr) {
      rows_.update[active] = shared_.update + row * units_;
      rows_.reset_state[active] = shared_.reset_state + row * units_;
    }
    if (shared_.dropped_states != nullptr) {
      for (int gate = 0; gate < kGates; ++gate) {
        rows_.dropped_state[gate][active] =
            shared_.dropped_states +
            (static_cast<size_t>(gate) * call_.batch + row) * units_;
      }
    }
    ++active;
  }
  return active;
}

template <typename T>
bool TimeLoop<T>::Step(size_t step, size_t chunk_begin) {
  const size_t active = CollectActiveRows(step, chunk_begin);
  const bool dropped = shared_.dropped_states != nullptr;
  if (dropped) {
    DropStates(active);
    if (!Meet()) return false;
  }
  StepArguments<T> arguments;
  arguments.rows = active;
  arguments.units = units_;
  for (int gate = 0; gate < kGates; ++gate) {
    arguments.operand[gate] =
        dropped ? rows_.dropped_state[gate] : rows_.previous;
  }
  arguments.weights = weights_.packed_recurrent_kernel();
  arguments.bias = weights_.recurrent_bias<T>();
  arguments.panel_begin = share_.panel_begin;
  arguments.panel_end = share_.panel_end;
  arguments.projection = rows_.projection;
  arguments.previous = rows_.previous;
  arguments.next = rows_.next;
  arguments.update = rows_.update;
  arguments.reset_state = rows_.reset_state;
  arguments.reset_source = arguments.operand[2];
  arguments.saved = saved_ == nullptr ? nullptr : rows_.saved;
  arguments.saved_stride = saved_ == nullptr ? 0 : saved_->BlockOf(step).stride;
  arguments.activation = description_.activation;
  arguments.recurrent_activation = description_.recurrent_activation;
  arguments.rounding = description_.state_rounding;
  if (!ComputeStep(arguments)) return false;
  if (call_.return_sequences && !OutputTakesStates(job_)) {
    WriteOutputs(step, active);
  }
  for (size_t i = 0; i < active; ++i) {
    const size_t row = rows_.active[i];
    rows_.state[row] = rows_.next[i];
    rows_.seen[row] = 1;
  }
  return Meet();
}

template <typename T>
bool TimeLoop<T>::ComputeStep(StepArguments<T>& arguments) {
  if (IsRowWise(description_)) {
    failure_ = rows_.row_wise.Run(
        description_, job_.kernels, layer_kernels_, arguments,
        saves_values_ ? rows_.values : nullptr, call_.custom);
    return failure_.ok();
  }
  if (description_.reset_after) {
    layer_kernels_.step_reset_after(arguments);
    return true;
  }
  layer_kernels_.step_gates(arguments);
  if (!Meet()) return false;
  arguments.operand[2] = rows_.reset_state;
  layer_kernels_.step_candidate(arguments);
  return true;
}

// Writes this share's units of the active rows' new states to the output.
template <typename T>
void TimeLoop<T>::WriteOutputs(size_t step, size_t active) const {
  for (size_t i = 0; i < active; ++i) {
    const size_t row = share_.row_begin + rows_.active[i];
    WriteOutput(row, step, rows_.next[i]);
  }
}

// Writes this share's units of one row and step of the output.
template <typename T>
void TimeLoop<T>::WriteOutput(size_t row, size_t step, const T* values) const {
  const size_t at = job_.place.At(row, step) + unit_begin_;
  if (call_.output_is_bits) {
    Narrow(description_.state_rounding, values + unit_begin_,
           static_cast<uint16_t*>(call_.output) + at, unit_end_ - unit_begin_);
  } else {
    std::copy(values + unit_begin_, values + unit_end_,
              static_cast<T*>(call_.output) + at);
  }
}

// Multiplies this share's units of the active rows' states by the three masks
// of recurrent dropout.
template <typename T>
void TimeLoop<T>::DropStates(size_t active) {
  const T* const masks = static_cast<const T*>(call_.recurrent_dropout);
  for (size_t i = 0; i < active; ++i) {
    const size_t row = share_.row_begin + rows_.active[i];
    for (size_t gate = 0; gate < kGates; ++gate) {
      const size_t offset = (gate * call_.batch + row) * units_;
      T* const out = shared_.dropped_states + offset;
      DropValues(description_.state_rounding, rows_.previous[i] + unit_begin_,
                 masks + offset + unit_begin_, out + unit_begin_,
                 unit_end_ - unit_begin_);
    }
  }
}

// Writes the output of a masked step. Keras repeats the previous output, which
// is zeros before the first unmasked step and the state afterwards. With
// zero_output_for_mask it writes zeros.
template <typename T>
void TimeLoop<T>::WriteMaskedOutput(size_t row, size_t step) {
  const size_t i = row - share_.row_begin;
  const T* const source = rows_.seen[i] && !call_.zero_output_for_mask
                              ? rows_.state[i]
                              : shared_.zeros;
  WriteOutput(row, step, source);
}

template <typename T>
void TimeLoop<T>::Finish() {
  for (size_t row = share_.row_begin; row < share_.row_end; ++row) {
    const size_t i = row - share_.row_begin;
    const T* const state = rows_.state[i];
    if (!call_.return_sequences) {
      const bool masked = !Active(row, call_.timesteps - 1);
      const bool zero =
          masked && (call_.zero_output_for_mask || rows_.seen[i] == 0);
      WriteOutput(row, 0, zero ? shared_.zeros : state);
    }
    T* const out = static_cast<T*>(call_.state) + row * units_;
    if (out != state) {
      std::copy(state + unit_begin_, state + unit_end_, out + unit_begin_);
    }
  }
}

template class TimeLoop<float>;
template class TimeLoop<double>;

}  // namespace cudnn_gru
