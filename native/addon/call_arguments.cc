#include "addon/call_arguments.h"

#include <cstring>
#include <iterator>
#include <string>

#include "addon/contract.h"

namespace cudnn_gru {
namespace {

constexpr const Signature& kSignature = SignatureOf("call");
constexpr size_t kInputs = kSignature.PositionOf("inputs");
constexpr size_t kOutput = kSignature.PositionOf("output");
constexpr size_t kState = kSignature.PositionOf("state");
constexpr size_t kInitialState = kSignature.PositionOf("initialState");
constexpr size_t kMask = kSignature.PositionOf("mask");
constexpr size_t kLengths = kSignature.PositionOf("lengths");
constexpr size_t kInputDropout = kSignature.PositionOf("inputDropout");
constexpr size_t kRecurrentDropout = kSignature.PositionOf("recurrentDropout");
constexpr size_t kBatch = kSignature.PositionOf("batch");
constexpr size_t kTimesteps = kSignature.PositionOf("timesteps");
constexpr size_t kFlags = kSignature.PositionOf("flags");

constexpr unsigned kReturnSequences = FlagBit("returnSequences");
constexpr unsigned kGoBackwards = FlagBit("goBackwards");
constexpr unsigned kZeroOutputForMask = FlagBit("zeroOutputForMask");
constexpr unsigned kCudnn = FlagBit("cudnn");
constexpr unsigned kAllowTf32 = FlagBit("allowTf32");

Status NoMemory() {
  return Status(StatusCode::kOutOfMemory,
                "Expected memory for a copy of `mask` or `lengths` but could "
                "not have it.");
}

Status ReadMask(const Argument& mask, size_t count, StepSelection* steps,
                GruCall* call) {
  void* data = nullptr;
  const Status status = ReadArray(mask, napi_uint8_array, count, &data);
  if (!status.ok()) return status;
  call->mask = static_cast<const uint8_t*>(steps->Copy(data, count));
  return call->mask == nullptr ? NoMemory() : Status();
}

Status ReadLengths(const Argument& lengths, StepSelection* steps,
                   GruCall* call) {
  void* data = nullptr;
  const Status status =
      ReadArray(lengths, napi_int32_array, call->batch, &data);
  if (!status.ok()) return status;
  call->lengths = static_cast<const int32_t*>(
      steps->Copy(data, call->batch * sizeof(int32_t)));
  if (call->lengths == nullptr) return NoMemory();
  // Checks the copy, because another thread may change the array at any time.
  for (size_t row = 0; row < call->batch; ++row) {
    const int32_t length = call->lengths[row];
    if (length >= 0 && static_cast<size_t>(length) <= call->timesteps) continue;
    return Status(
        StatusCode::kArgument,
        "Expected lengths from 0 to " + std::to_string(call->timesteps) +
            " for the native argument `lengths` but received " +
            std::to_string(length) + " for row " + std::to_string(row) + ".");
  }
  return Status();
}

}  // namespace

const void* StepSelection::Copy(const void* data, size_t bytes) {
  void* copy = small_;
  if (bytes > kSmall) {
    large_.emplace(bytes, ScratchBytes(), Fit::kClose);
    copy = large_->data();
  }
  if (copy != nullptr && bytes > 0) std::memcpy(copy, data, bytes);
  return copy;
}

Status ReadSteps(const Argument& mask, const Argument& lengths,
                 StepSelection* steps, GruCall* call) {
  if (!mask.IsNothing()) {
    return ReadMask(mask, call->batch * call->timesteps, steps, call);
  }
  return lengths.IsNothing() ? Status() : ReadLengths(lengths, steps, call);
}

Status ReadInputDropout(const Argument& argument, Dtype dtype, size_t one_mask,
                        GruCall* call) {
  Dtype found = dtype;
  size_t length = 0;
  void* data = nullptr;
  Status status = ReadFloatArray(argument, &found, &data, &length);
  if (status.ok()) status = ReadTensor(argument, dtype, one_mask, &data);
  call->input_dropout = data;
  call->input_dropout_masks = one_mask != 0 && length >= 3 * one_mask ? 3 : 1;
  return status;
}

Status ReadCall(const Arguments& arguments, const GruDescription& description,
                StepSelection* steps, GruCall* call, CallPath* path) {
  size_t flags = 0;
  Status status = ReadSize(arguments[kBatch], &call->batch);
  if (status.ok()) status = ReadSize(arguments[kTimesteps], &call->timesteps);
  if (status.ok()) status = ReadSize(arguments[kFlags], &flags);
  if (!status.ok()) return status;
  call->return_sequences = (flags & kReturnSequences) != 0;
  call->go_backwards = (flags & kGoBackwards) != 0;
  call->zero_output_for_mask = (flags & kZeroOutputForMask) != 0;
  path->path = (flags & kCudnn) != 0 ? Path::kCudnn : Path::kCpu;
  path->tf32 = (flags & kAllowTf32) != 0 ? Tf32::kAllowed : Tf32::kForbidden;
  GruCallSizes sizes;
  status = ComputeSizes(description, *call, &sizes);
  if (!status.ok()) return status;

  const auto read = [&](size_t position, size_t length) {
    void* data = nullptr;
    if (status.ok()) {
      status =
          ReadTensor(arguments[position], description.dtype, length, &data);
    }
    return data;
  };
  const auto optional = [&](size_t position) {
    return status.ok() && !arguments[position].IsNothing();
  };
  void* inputs = nullptr;
  status = ReadTensorOrBits(arguments[kInputs], description, sizes.inputs,
                            &inputs, &call->inputs_are_bits);
  call->inputs = inputs;
  if (status.ok()) {
    status = ReadResultOrBits(arguments[kOutput], description, sizes.output,
                              &call->output, &call->output_is_bits);
  }
  call->state = read(kState, sizes.state);
  if (optional(kInitialState)) {
    call->initial_state = read(kInitialState, sizes.state);
  }
  if (status.ok()) {
    status = ReadSteps(arguments[kMask], arguments[kLengths], steps, call);
  }
  if (optional(kInputDropout)) {
    status = ReadInputDropout(arguments[kInputDropout], description.dtype,
                              sizes.input_dropout, call);
  }
  if (optional(kRecurrentDropout)) {
    call->recurrent_dropout = read(kRecurrentDropout, sizes.recurrent_dropout);
  }
  return status;
}

napi_value CallArrays(const Arguments& arguments) {
  constexpr size_t kArrays[] = {
      kInputs, kOutput,  kState,        kInitialState,
      kMask,   kLengths, kInputDropout, kRecurrentDropout};
  napi_value arrays = nullptr;
  napi_create_array_with_length(arguments.env(), std::size(kArrays), &arrays);
  uint32_t count = 0;
  for (const size_t position : kArrays) {
    napi_set_element(arguments.env(), arrays, count++,
                     arguments[position].value);
  }
  return arrays;
}

}  // namespace cudnn_gru
