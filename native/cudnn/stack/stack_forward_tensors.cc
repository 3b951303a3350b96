#include "cudnn/stack/stack_forward_tensors.h"

#include <cstdint>
#include <new>

#include "core/aligned_buffer.h"
#include "core/merge.h"

namespace cudnn_gru {
namespace {

GruDescription JoinedDescription(const RnnShape& shape) {
  GruDescription description = shape.first;
  description.units = shape.output_width();
  return description;
}

GruCall JoinedCall(const StackCall& call) {
  GruCall joined = CallOfHalf(call, call.layers.size() - 1, 0, call.inputs);
  joined.inputs_are_bits = call.inputs_are_bits;
  joined.output_is_bits = call.output_is_bits;
  return joined;
}

// In the order of the merged output, the masked steps of both halves come last.
// Those of the backward half are zero, because it starts with them.
GruCall MaskedCall(const StackCalls& calls, size_t half, bool one_half) {
  GruCall call = calls.call(calls.LastLayer(one_half ? 0 : half));
  call.go_backwards = false;
  if (half == 1) call.zero_output_for_mask = true;
  return call;
}

// Merges one row of the halves' outputs.
template <typename T>
void MergeOne(const StackLayer& layer, const MergeShape& shape, size_t row,
              void* const halves[2], const MergedOutput& merged) {
  const T* const outputs[2] = {static_cast<const T*>(halves[0]),
                               static_cast<const T*>(halves[1])};
  MergeOutputs<T>(layer.merge, shape, {row, row + 1}, outputs,
                  StepOrder::kMerged, merged);
}

}  // namespace

StackForwardTensors::StackForwardTensors(const RnnShape& shape,
                                         const StackCall& call,
                                         const Chunking& chunking)
    : shape_(shape),
      call_(call),
      last_(call.layers.back()),
      chunking_(chunking),
      calls_(shape, call, chunking),
      joined_call_(JoinedCall(call)),
      joined_(JoinedDescription(shape), joined_call_, chunking,
              shape.first.units),
      masked_calls_{MaskedCall(calls_, 0, shape.directions == 1),
                    MaskedCall(calls_, 1, shape.directions == 1)},
      masked_{{shape.first, masked_calls_[0], chunking},
              {shape.first, masked_calls_[1], chunking}},
      half_format_(shape.first,
                   last_.merge == Merge::kSeparate && call.output_is_bits
                       ? HostFormat::kDeviceBits
                       : HostFormat::kKeras) {}

Status StackForwardTensors::Allocate(Halves halves) {
  if (!Merges()) return Status();
  const size_t bytes =
      2 * HalfOutputSize(shape_, call_) * DtypeSize(shape_.first.dtype);
  memory_.reset(halves == Halves::kKept ? new (std::nothrow) Workspace(
                                              bytes, PassBytes(), Fit::kClose)
                                        : new (std::nothrow) Workspace(bytes));
  if (memory_ != nullptr && memory_->data() != nullptr) return Status();
  return OutOfMemory(bytes, "memory for the outputs of two halves");
}

void* StackForwardTensors::HalfOutput(size_t half) const {
  if (!Merges()) return call_.outputs[half];
  return static_cast<char*>(memory_->data()) +
         half * HalfOutputSize(shape_, call_) * DtypeSize(shape_.first.dtype);
}

bool StackForwardTensors::has_initial_states() const {
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (calls_.call(i).initial_state != nullptr) return true;
  }
  return false;
}

void StackForwardTensors::PackInitialStates(size_t begin, size_t end,
                                            char* hx) const {
  const size_t units = shape_.first.units;
  for (size_t i = 0; i < calls_.size(); ++i) {
    char* const to = calls_.StatesOf(i, hx);
    const void* const from = calls_.call(i).initial_state;
    if (from == nullptr) {
      half_format_.ZeroStaged(to, begin * units, (end - begin) * units);
    } else {
      calls_.packing(i).PackInitialState(begin, end, from, to);
    }
  }
}

void StackForwardTensors::PackInputs(const Chunk& chunk, size_t begin,
                                     size_t end, char* x) const {
  joined_.PackInputs(chunk, begin, end, call_.inputs, x);
}

std::vector<HostRange> StackForwardTensors::Results() const {
  if (HasForm() && !Merges()) {
    return {{call_.outputs[0], joined_.HostOutputBytes()}};
  }
  const size_t bytes =
      HalfOutputSize(shape_, call_) * half_format_.host_bytes();
  return {{HalfOutput(0), bytes}, {HalfOutput(1), bytes}};
}

void StackForwardTensors::UnpackOutput(const Chunk& chunk, size_t begin,
                                       size_t end, const char* y) const {
  if (HasForm()) {
    joined_.UnpackOutput(chunk, begin, end, y, call_.outputs[0]);
    return;
  }
  const size_t units = shape_.first.units;
  joined_.VisitSteps(chunk, begin, end,
                     [&](size_t row, size_t step, size_t position) {
                       const size_t to = (row * call_.timesteps + step) * units;
                       for (size_t half = 0; half < 2; ++half) {
                         half_format_.ToHost(y, (2 * position + half) * units,
                                             HalfOutput(half), to, units);
                       }
                     });
}

void StackForwardTensors::FinishOutput(size_t begin, size_t end,
                                       const char* hy) const {
  if (last_.return_sequences && HasForm()) {
    joined_.FillMaskedOutputs(begin, end, call_.outputs[0]);
    return;
  }
  for (size_t half = 0; half < shape_.directions; ++half) {
    if (last_.return_sequences) {
      masked_[half].FillMaskedOutputs(begin, end, HalfOutput(half));
    } else {
      const size_t i = calls_.LastLayer(half);
      calls_.packing(i).UnpackLastOutput(begin, end, calls_.StatesOf(i, hy),
                                         HalfOutput(half));
    }
  }
  if (!Merges()) return;
  for (size_t i = begin; i < end; ++i) MergeRow(chunking_.order[i]);
}

void StackForwardTensors::MergeRow(size_t row) const {
  void* const halves[2] = {HalfOutput(0), HalfOutput(1)};
  const MergedOutput merged = {call_.outputs[0], call_.output_is_bits};
  const MergeShape merge = MergeShapeOf(shape_, call_);
  if (shape_.first.dtype == Dtype::kFloat32) {
    MergeOne<float>(last_, merge, row, halves, merged);
  } else {
    MergeOne<double>(last_, merge, row, halves, merged);
  }
}

void StackForwardTensors::UnpackStates(size_t begin, size_t end,
                                       const char* hy) const {
  for (size_t i = 0; i < calls_.size(); ++i) {
    const GruCall& call = calls_.call(i);
    calls_.packing(i).UnpackState(begin, end, calls_.StatesOf(i, hy),
                                  call.initial_state, call.state);
  }
}

}  // namespace cudnn_gru
