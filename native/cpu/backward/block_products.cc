#include "cpu/backward/block_products.h"

#include <algorithm>

#include "core/half.h"
#include "cpu/forward/dropped_values.h"

namespace cudnn_gru {
namespace {

// The number of rows of a full register tile. The rows are divided among
// threads in multiples of it.
constexpr size_t kTileRows = 8;

}  // namespace

template <typename T>
void BackwardScratch<T>::Take(const CpuWeights& weights, const GruCall& call,
                              size_t slots, BumpAllocator& allocator) {
  const GruDescription& description = weights.description();
  row_stride = weights.panels() * weights.lanes();
  const size_t states = call.batch * row_stride;
  d_state = allocator.Take<T>(states);
  d_reset_state = d_dropped_state = nullptr;
  dropped_inputs = dropped_states = d_dropped_inputs = nullptr;
  if (!description.reset_after) d_reset_state = allocator.Take<T>(states);
  sums = allocator.Take<T>((kRecordParts - 1) * row_stride);
  if (call.recurrent_dropout != nullptr) {
    d_dropped_state = allocator.Take<T>(states);
    dropped_states = allocator.Take<T>(kGates * slots * row_stride);
  }
  if (call.input_dropout != nullptr) {
    dropped_inputs = allocator.Take<T>(call.input_dropout_masks * slots *
                                       description.features);
    d_dropped_inputs = allocator.Take<T>(slots * description.features);
  }
}

template <typename T>
void BackwardPointers<T>::Take(const GruDescription& description, size_t rows,
                               size_t slots, BumpAllocator& allocator) {
  d_output = allocator.Take<const T*>(rows);
  d_state = allocator.Take<T*>(rows);
  d_reset_state = allocator.Take<T*>(rows);
  d_dropped_state = allocator.Take<T*>(rows);
  reset_dropout = allocator.Take<const T*>(rows);
  values = allocator.Take<const T*>(rows);
  inputs = allocator.Take<const T*>(slots);
  d_inputs = allocator.Take<T*>(slots);
  slot_rows = allocator.Take<uint32_t>(slots);
  packed = allocator.Take<T>(std::min(slots, kOuterRows) *
                             std::max(description.features, description.units));
}

template <typename T>
BlockProducts<T>::BlockProducts(const BackwardJob<T>& job,
                                const SavedSteps::Block& block,
                                const ThreadPlace& thread,
                                const BackwardScratch<T>& scratch,
                                const BackwardPointers<T>& pointers)
    : weights_(job.weights),
      description_(job.weights.description()),
      kernels_(job.kernels),
      layer_kernels_(job.weights.template layer_kernels<T>()),
      call_(job.call),
      saved_(job.saved),
      gradients_(job.gradients),
      block_(block),
      thread_(thread),
      scratch_(scratch),
      pointers_(pointers),
      units_(description_.units),
      features_(description_.features),
      lanes_(job.kernels.lanes),
      panels_(RangeOf(weights_.panels(), 1, thread.index, thread.count)),
      slots_(RangeOf(block.slots, kTileRows, thread.index, thread.count)) {}

template <typename T>
size_t BlockProducts<T>::InputStep(size_t step) const {
  return call_.go_backwards ? call_.timesteps - 1 - step : step;
}

template <typename T>
const T* BlockProducts<T>::InputDropout(size_t mask, size_t slot) const {
  return static_cast<const T*>(call_.input_dropout) +
         (mask * call_.batch + pointers_.slot_rows[slot]) * features_;
}

template <typename T>
bool BlockProducts<T>::shares_operands() const {
  return call_.input_dropout != nullptr || call_.recurrent_dropout != nullptr;
}

template <typename T>
void BlockProducts<T>::Prepare() {
  const T* const inputs = static_cast<const T*>(call_.inputs);
  T* const d_inputs = static_cast<T*>(gradients_.d_inputs);
  size_t slot = 0;
  for (size_t step = block_.step_begin; step < block_.step_end; ++step) {
    const uint32_t* const rows = saved_.Rows(step);
    const size_t t = InputStep(step);
    for (size_t i = 0; i < saved_.RowCount(step); ++i) {
      if (rows[i] < block_.row_begin || rows[i] >= block_.row_end) continue;
      const size_t offset = (rows[i] * call_.timesteps + t) * features_;
      pointers_.slot_rows[slot] = rows[i];
      pointers_.inputs[slot] = inputs + offset;
      if (d_inputs != nullptr) pointers_.d_inputs[slot] = d_inputs + offset;
      ++slot;
    }
  }
  if (call_.input_dropout != nullptr) DropInputs();
  if (call_.recurrent_dropout != nullptr) DropStates();
}

template <typename T>
void BlockProducts<T>::DropInputs() {
  for (size_t mask = 0; mask < call_.input_dropout_masks; ++mask) {
    for (size_t slot = slots_.begin; slot < slots_.end; ++slot) {
      const T* const x = pointers_.inputs[slot];
      const T* const keep = InputDropout(mask, slot);
      T* const out =
          scratch_.dropped_inputs + (mask * block_.slots + slot) * features_;
      DropValues(description_.state_rounding, x, keep, out, features_);
    }
  }
}

template <typename T>
void BlockProducts<T>::DropStates() {
  const T* const masks = static_cast<const T*>(call_.recurrent_dropout);
  for (size_t gate = 0; gate < kGates; ++gate) {
    for (size_t slot = slots_.begin; slot < slots_.end; ++slot) {
      const T* const previous =
          saved_.Records<T>(block_, slot) + kRecordPrevious * lanes_;
      const T* const keep =
          masks + (gate * call_.batch + pointers_.slot_rows[slot]) * units_;
      T* const out = scratch_.dropped_states +
                     (gate * block_.slots + slot) * scratch_.row_stride;
      for (size_t unit = 0; unit < units_; ++unit) {
        out[unit] = previous[unit / lanes_ * block_.stride + unit % lanes_] *
                    keep[unit];
      }
      RoundValues(description_.state_rounding, out, units_);
    }
  }
}

template <typename T>
void BlockProducts<T>::Run(Sums sums) {
  if (gradients_.d_kernel != nullptr) KernelGradient(sums);
  if (gradients_.d_recurrent_kernel != nullptr) RecurrentGradient(sums);
  if (gradients_.d_inputs != nullptr) {
    InputGradient();
    ClearMaskedInputs();
  }
  if (gradients_.d_bias != nullptr) {
    RecordSumArguments<T> sum;
    sum.rows = block_.slots;
    sum.records = saved_.Records<T>(block_);
    sum.stride = block_.stride;
    sum.panel_begin = panels_.begin;
    sum.panel_end = panels_.end;
    sum.sums = scratch_.sums;
    sum.add = sums == Sums::kContinue;
    kernels_.backward.sum_records(sum);
  }
}

template <typename T>
OuterProductArguments<T> BlockProducts<T>::Outer(Sums sums) const {
  OuterProductArguments<T> product;
  product.rows = block_.slots;
  product.operand = nullptr;
  product.base = nullptr;
  product.row_stride = features_;
  product.group_stride = lanes_;
  product.depth = features_;
  product.records = saved_.Records<T>(block_);
  product.stride = block_.stride;
  product.part[0] = kRecordUpdate;
  product.part[1] = kRecordReset;
  product.part[2] = kRecordCandidate;
  product.gate_begin = 0;
  product.gate_end = kGates;
  product.panel_begin = panels_.begin;
  product.panel_end = panels_.end;
  product.units = units_;
  product.out = static_cast<T*>(gradients_.d_kernel);
  product.add = sums == Sums::kContinue;
  product.packed = pointers_.packed;
  return product;
}

template <typename T>
void BlockProducts<T>::KernelGradient(Sums sums) {
  OuterProductArguments<T> product = Outer(sums);
  if (call_.input_dropout == nullptr) {
    product.operand = pointers_.inputs;
    layer_kernels_.outer_product(product);
    return;
  }
  product.base = scratch_.dropped_inputs;
  if (call_.input_dropout_masks == 1) {
    layer_kernels_.outer_product(product);
    return;
  }
  for (size_t gate = 0; gate < kGates; ++gate) {
    product.base = scratch_.dropped_inputs + gate * block_.slots * features_;
    product.gate_begin = gate;
    product.gate_end = gate + 1;
    layer_kernels_.outer_product(product);
  }
}

template <typename T>
void BlockProducts<T>::RecurrentGradient(Sums sums) {
  OuterProductArguments<T> product = Outer(sums);
  product.depth = units_;
  product.out = static_cast<T*>(gradients_.d_recurrent_kernel);
  const T* const records = saved_.Records<T>(block_);
  const size_t record = kRecordParts * lanes_;
  if (!description_.reset_after) {
    product.base = records + kRecordRecurrent * lanes_;
    product.row_stride = record;
    product.group_stride = block_.stride;
    product.gate_begin = 2;
    layer_kernels_.outer_product(product);
    product.gate_begin = 0;
    product.gate_end = 2;
  } else {
    product.part[2] = kRecordRecurrent;
  }
  if (call_.recurrent_dropout == nullptr) {
    product.base = records + kRecordPrevious * lanes_;
    product.row_stride = record;
    product.group_stride = block_.stride;
    layer_kernels_.outer_product(product);
    return;
  }
  product.row_stride = scratch_.row_stride;
  product.group_stride = lanes_;
  const size_t gates = product.gate_end;
  for (size_t gate = 0; gate < gates; ++gate) {
    product.base =
        scratch_.dropped_states + gate * block_.slots * scratch_.row_stride;
    product.gate_begin = gate;
    product.gate_end = gate + 1;
    layer_kernels_.outer_product(product);
  }
}

template <typename T>
void BlockProducts<T>::InputGradient() {
  RecordProductArguments<T> product;
  product.rows = slots_.end - slots_.begin;
  product.records = saved_.Records<T>(block_, slots_.begin);
  product.stride = block_.stride;
  product.panels = weights_.panels();
  product.part[0] = kRecordUpdate;
  product.part[1] = kRecordReset;
  product.part[2] = kRecordCandidate;
  product.gate_begin = 0;
  product.gate_end = kGates;
  product.weights = weights_.transposed_kernel();
  product.out_begin = 0;
  product.out_end = (features_ + lanes_ - 1) / lanes_;
  product.columns = features_;
  product.out = pointers_.d_inputs + slots_.begin;
  product.add = false;
  product.short_chains = false;
  if (call_.input_dropout != nullptr) {
    DropInputGradient(product);
  } else {
    layer_kernels_.record_product(product);
  }
}

// Computes the product for the gates of each mask, times the mask.
template <typename T>
void BlockProducts<T>::DropInputGradient(RecordProductArguments<T>& product) {
  T* const* const targets = product.out;
  // The array of the inputs' addresses is not needed any more, so it is used
  // again.
  T** const temporary = const_cast<T**>(pointers_.inputs) + slots_.begin;
  for (size_t i = 0; i < product.rows; ++i) {
    temporary[i] = scratch_.d_dropped_inputs + (slots_.begin + i) * features_;
  }
  product.out = temporary;
  for (size_t mask = 0; mask < call_.input_dropout_masks; ++mask) {
    if (call_.input_dropout_masks == kGates) {
      product.gate_begin = mask;
      product.gate_end = mask + 1;
    }
    layer_kernels_.record_product(product);
    for (size_t i = 0; i < product.rows; ++i) {
      const T* const keep = InputDropout(mask, slots_.begin + i);
      T* const to = targets[i];
      for (size_t f = 0; f < features_; ++f) {
        const T part = temporary[i][f] * keep[f];
        to[f] = mask == 0 ? part : to[f] + part;
      }
    }
  }
}

template <typename T>
void BlockProducts<T>::ClearMaskedInputs() {
  T* const d_inputs = static_cast<T*>(gradients_.d_inputs);
  for (size_t step = block_.step_begin; step < block_.step_end; ++step) {
    if (saved_.RowCount(step) == call_.batch) continue;
    for (size_t row = block_.row_begin + thread_.index; row < block_.row_end;
         row += thread_.count) {
      if (saved_.Active(row, step)) continue;
      T* const to =
          d_inputs + (row * call_.timesteps + InputStep(step)) * features_;
      std::fill(to, to + features_, T(0));
    }
  }
}

template <typename T>
void BlockProducts<T>::WriteBias() const {
  if (gradients_.d_bias == nullptr) return;
  T* const bias = static_cast<T*>(gradients_.d_bias);
  const size_t end = std::min(units_, panels_.end * lanes_);
  for (size_t unit = panels_.begin * lanes_; unit < end; ++unit) {
    const T* const sum = scratch_.sums +
                         unit / lanes_ * (kRecordParts - 1) * lanes_ +
                         unit % lanes_;
    for (size_t gate = 0; gate < kGates; ++gate) {
      bias[gate * units_ + unit] = sum[gate * lanes_];
      if (!description_.reset_after) continue;
      const size_t part = gate == 2 ? kRecordRecurrent : gate;
      bias[(kGates + gate) * units_ + unit] = sum[part * lanes_];
    }
  }
}

template struct BackwardScratch<float>;
template struct BackwardScratch<double>;
template struct BackwardPointers<float>;
template struct BackwardPointers<double>;
template class BlockProducts<float>;
template class BlockProducts<double>;

}  // namespace cudnn_gru
