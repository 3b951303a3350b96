#include "addon/call_arguments.h"

#include <cstring>
#include <string>

#include "addon/arguments.h"

namespace cudnn_gru {
namespace {

// CALL_FLAGS in lib/native/binding.ts.
enum CallFlag {
  kReturnSequences = 1,
  kGoBackwards = 2,
  kZeroOutput = 4,
  kCudnnFlag = 8,
  kAllowTf32 = 16,
};

Status NoMemory() {
  return Status(StatusCode::kOutOfMemory,
                "Expected memory for a copy of `mask` or `lengths` but could "
                "not have it");
}

Status ReadMask(napi_env env, napi_value value, size_t count,
                StepSelection* steps, GruCall* call) {
  void* data = nullptr;
  const Status status =
      ReadArray(env, value, napi_uint8_array, count, "mask", &data);
  if (!status.ok()) return status;
  call->mask = static_cast<const uint8_t*>(steps->Copy(data, count));
  return call->mask == nullptr ? NoMemory() : Status();
}

Status ReadLengths(napi_env env, napi_value value, StepSelection* steps,
                   GruCall* call) {
  void* data = nullptr;
  const Status status =
      ReadArray(env, value, napi_int32_array, call->batch, "lengths", &data);
  if (!status.ok()) return status;
  call->lengths = static_cast<const int32_t*>(
      steps->Copy(data, call->batch * sizeof(int32_t)));
  if (call->lengths == nullptr) return NoMemory();
  // The copy is what is checked: the array may change at any time.
  for (size_t row = 0; row < call->batch; ++row) {
    const int32_t length = call->lengths[row];
    if (length >= 0 && static_cast<size_t>(length) <= call->timesteps) continue;
    return Status(
        StatusCode::kArgument,
        "Expected lengths from 0 to " + std::to_string(call->timesteps) +
            " for the native argument `lengths` but received " +
            std::to_string(length) + " for row " + std::to_string(row));
  }
  return Status();
}

}  // namespace

const void* StepSelection::Copy(const void* data, size_t bytes) {
  void* copy = small_;
  if (bytes > kSmall) {
    large_.emplace(bytes, ScratchBytes(), true);
    copy = large_->data();
  }
  if (copy != nullptr && bytes > 0) std::memcpy(copy, data, bytes);
  return copy;
}

Status ReadCall(napi_env env, const GruDescription& description,
                const napi_value* arguments, StepSelection* steps,
                GruCall* call, CallPath* path) {
  size_t flags = 0;
  Status status = ReadSize(env, arguments[kBatch], "batch", &call->batch);
  if (status.ok()) {
    status =
        ReadSize(env, arguments[kTimesteps], "timesteps", &call->timesteps);
  }
  if (status.ok()) status = ReadSize(env, arguments[kFlags], "flags", &flags);
  if (!status.ok()) return status;
  call->return_sequences = (flags & kReturnSequences) != 0;
  call->go_backwards = (flags & kGoBackwards) != 0;
  call->zero_output_for_mask = (flags & kZeroOutput) != 0;
  path->cudnn = (flags & kCudnnFlag) != 0;
  path->allow_tf32 = (flags & kAllowTf32) != 0;
  GruCallSizes sizes;
  status = ComputeSizes(description, call->batch, call->timesteps,
                        call->return_sequences, &sizes);
  if (!status.ok()) return status;

  const Dtype dtype = description.dtype;
  const auto read = [&](CallArgument which, size_t length, const char* name) {
    void* data = nullptr;
    if (status.ok()) {
      status = ReadTensor(env, arguments[which], dtype, length, name, &data);
    }
    return data;
  };
  const auto optional = [&](CallArgument which) {
    return status.ok() && !IsNothing(env, arguments[which]);
  };
  void* inputs = nullptr;
  status = ReadTensorOrBits(env, arguments[kInputs], description, sizes.inputs,
                            "inputs", &inputs, &call->inputs_are_bits);
  call->inputs = inputs;
  if (status.ok()) {
    status =
        ReadTensorOrBits(env, arguments[kOutput], description, sizes.output,
                         "output", &call->output, &call->output_is_bits);
  }
  call->state = read(kState, sizes.state, "state");
  if (optional(kInitialState)) {
    call->initial_state = read(kInitialState, sizes.state, "initialState");
  }
  void* data = nullptr;
  if (optional(kMask)) {
    status = ReadMask(env, arguments[kMask], sizes.mask, steps, call);
  } else if (optional(kLengths)) {
    status = ReadLengths(env, arguments[kLengths], steps, call);
  }
  if (optional(kInputDropout)) {
    Dtype found = dtype;
    size_t length = 0;
    status = ReadFloatArray(env, arguments[kInputDropout], "inputDropout",
                            &found, &data, &length);
    const bool three =
        sizes.input_dropout != 0 && length >= 3 * sizes.input_dropout;
    call->input_dropout =
        read(kInputDropout, sizes.input_dropout, "inputDropout");
    call->input_dropout_masks = three ? 3 : 1;
  }
  if (optional(kRecurrentDropout)) {
    call->recurrent_dropout =
        read(kRecurrentDropout, sizes.recurrent_dropout, "recurrentDropout");
  }
  return status;
}

}  // namespace cudnn_gru
