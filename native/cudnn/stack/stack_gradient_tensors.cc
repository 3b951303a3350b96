#include "cudnn/stack/stack_gradient_tensors.h"

#include <algorithm>
#include <new>

#include "core/merge.h"
#include "cudnn/host_work.h"
#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

GruDescription JoinedDescription(const RnnShape& shape) {
  GruDescription description = shape.first;
  description.units = shape.output_width();
  return description;
}

}  // namespace

StackGradientTensors::StackGradientTensors(const RnnShape& shape,
                                           const StackCall& call,
                                           const Chunking& chunking,
                                           const StackGradients& gradients,
                                           const void* const outputs[2])
    : SequenceGradientTensors(
          JoinedDescription(shape),
          CallOfHalf(call, call.layers.size() - 1, 0, nullptr), chunking,
          shape.first.units, gradients.d_inputs),
      shape_(shape),
      call_(call),
      gradients_(gradients),
      outputs_{outputs[0], outputs[1]},
      calls_(shape, call, chunking) {}

Status StackGradientTensors::Allocate(size_t count) {
  const size_t bytes = count * DtypeSize(shape_.first.dtype);
  memory_.reset(new (std::nothrow) Workspace(bytes));
  if (memory_ != nullptr && memory_->data() != nullptr) return Status();
  return OutOfMemory(bytes, "scratch memory for the gradients");
}

Status StackGradientTensors::SplitOutputs(int threads) {
  const StackLayer& last = call_.layers.back();
  const bool none =
      gradients_.d_outputs[0] == nullptr && gradients_.d_outputs[1] == nullptr;
  const bool is_float32 = shape_.first.dtype == Dtype::kFloat32;
  const size_t count = HalfOutputSize(shape_, call_);
  if (none) return Status();
  if (!last.return_sequences) {
    if (last.merge == Merge::kNone || last.merge == Merge::kSeparate) {
      d_last_[0] = gradients_.d_outputs[0];
      d_last_[1] = gradients_.d_outputs[1];
      return Status();
    }
    CUDNN_GRU_RETURN_IF_ERROR(Allocate(2 * count));
    is_float32 ? SplitLastOutputs<float>() : SplitLastOutputs<double>();
    return Status();
  }
  if (last.merge == Merge::kNone || last.merge == Merge::kConcat) {
    set_output_gradient(gradients_.d_outputs[0]);
    return Status();
  }
  // The last third is for JoinRows to work with.
  CUDNN_GRU_RETURN_IF_ERROR(Allocate(3 * count));
  DivideHostWork(
      threads, call_.batch, 2 * count * DtypeSize(shape_.first.dtype),
      [&](size_t begin, size_t end) {
        is_float32 ? JoinRows<float>(begin, end) : JoinRows<double>(begin, end);
      });
  set_output_gradient(memory_->data());
  return Status();
}

template <typename T>
void StackGradientTensors::SplitLastOutputs() {
  const size_t count = HalfOutputSize(shape_, call_);
  for (size_t half = 0; half < 2; ++half) {
    T* const to = static_cast<T*>(memory_->data()) + half * count;
    SplitGradient<T>(call_.layers.back().merge, MergeShapeOf(shape_, call_),
                     call_.batch, half,
                     static_cast<const T*>(gradients_.d_outputs[0]),
                     static_cast<const T*>(outputs_[1 - half]), to);
    d_last_[half] = to;
  }
}

// Computes rows of the gradient of both halves' outputs side by side. The steps
// of the backward half come from SplitGradient in the order in which the half
// computed them.
template <typename T>
void StackGradientTensors::JoinRows(size_t begin, size_t end) const {
  const Merge merge = call_.layers.back().merge;
  const MergeShape merge_shape = MergeShapeOf(shape_, call_);
  const size_t steps = call_.timesteps;
  const size_t units = shape_.first.units;
  T* const joined = static_cast<T*>(memory_->data());
  for (size_t row = begin; row < end; ++row) {
    const size_t at = row * steps * units;
    T* const half_row = joined + 2 * HalfOutputSize(shape_, call_) + at;
    for (size_t half = 0; half < 2; ++half) {
      const void* const from =
          gradients_.d_outputs[merge == Merge::kSeparate ? half : 0];
      const T* const other = static_cast<const T*>(outputs_[1 - half]);
      if (from == nullptr) {
        std::fill_n(half_row, steps * units, T(0));
      } else {
        SplitGradient<T>(merge, merge_shape, 1, half,
                         static_cast<const T*>(from) + at,
                         other == nullptr ? nullptr : other + at, half_row);
      }
      for (size_t step = 0; step < steps; ++step) {
        const size_t computed = half == 0 ? step : steps - 1 - step;
        std::copy_n(half_row + computed * units, units,
                    joined + 2 * (at + step * units) + half * units);
      }
    }
  }
}

void StackGradientTensors::PackStateGradients(size_t begin, size_t end,
                                              char* dhy) const {
  for (size_t i = 0; i < calls_.size(); ++i) {
    const size_t last = calls_.LastLayer(0);
    calls_.packing(i).PackStateGradient(
        begin, end, i < last ? nullptr : d_last_[i - last],
        gradients_.halves[i].d_state, calls_.StatesOf(i, dhy));
  }
}

std::vector<HostRange> StackGradientTensors::Results() const {
  const size_t row = 3 * shape_.first.units * DtypeSize(shape_.first.dtype);
  std::vector<HostRange> results = {InputGradient()};
  for (size_t i = 0; i < calls_.size(); ++i) {
    const HalfGradients& half = gradients_.halves[i];
    results.push_back({half.d_kernel, shape_.DescriptionOf(i).features * row});
    results.push_back({half.d_recurrent_kernel, shape_.first.units * row});
  }
  return results;
}

void StackGradientTensors::UnpackInitialStateGradients(size_t begin, size_t end,
                                                       const char* dhx) const {
  for (size_t i = 0; i < calls_.size(); ++i) {
    const HalfGradients& half = gradients_.halves[i];
    if (half.d_initial_state == nullptr) continue;
    calls_.packing(i).UnpackInitialStateGradient(
        begin, end, calls_.StatesOf(i, dhx), half.d_state,
        half.d_initial_state);
  }
}

KerasGradients StackGradientTensors::WeightGradients(size_t i) const {
  const HalfGradients& half = gradients_.halves[i];
  return {half.d_kernel, half.d_recurrent_kernel, half.d_bias};
}

void StackGradientTensors::UnpackWeightGradients(const WeightLayout& layout,
                                                 const char* space,
                                                 int threads) const {
  for (size_t i = 0; i < calls_.size(); ++i) {
    UnpackWeights(shape_.DescriptionOf(i), layout.pseudo_layers[i], space,
                  WeightGradients(i), threads);
  }
}

void StackGradientTensors::ZeroWeightGradients() const {
  for (size_t i = 0; i < calls_.size(); ++i) {
    ZeroWeights(shape_.DescriptionOf(i), WeightGradients(i));
  }
}

}  // namespace cudnn_gru
