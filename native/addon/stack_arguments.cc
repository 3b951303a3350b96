#include "addon/stack_arguments.h"

namespace cudnn_gru {
namespace {

constexpr const Signature& kCall = SignatureOf("stackCall");
constexpr size_t kInputs = kCall.PositionOf("inputs");
constexpr size_t kOutput = kCall.PositionOf("output");
constexpr size_t kSecondOutput = kCall.PositionOf("secondOutput");
constexpr size_t kMask = kCall.PositionOf("mask");
constexpr size_t kLengths = kCall.PositionOf("lengths");
constexpr size_t kBatch = kCall.PositionOf("batch");
constexpr size_t kTimesteps = kCall.PositionOf("timesteps");
constexpr size_t kFlags = kCall.PositionOf("flags");

constexpr const Signature& kHalf = SignatureOf("stackHalf");
constexpr size_t kState = kHalf.PositionOf("state");
constexpr size_t kInitialState = kHalf.PositionOf("initialState");
constexpr size_t kInputDropout = kHalf.PositionOf("inputDropout");
constexpr size_t kRecurrentDropout = kHalf.PositionOf("recurrentDropout");
constexpr size_t kHalfFlags = kHalf.PositionOf("halfFlags");

constexpr const Signature& kBackward = SignatureOf("stackBackward");
constexpr size_t kOutputGradient = kBackward.PositionOf("dOutput");
constexpr size_t kSecondOutputGradient = kBackward.PositionOf("dSecondOutput");
constexpr size_t kInputGradient = kBackward.PositionOf("dInputs");

constexpr const Signature& kHalfGradients = SignatureOf("stackHalfGradients");
constexpr size_t kStateGradient = kHalfGradients.PositionOf("dState");
constexpr size_t kInitialStateGradient =
    kHalfGradients.PositionOf("dInitialState");
constexpr size_t kKernelGradient = kHalfGradients.PositionOf("dKernel");
constexpr size_t kRecurrentKernelGradient =
    kHalfGradients.PositionOf("dRecurrentKernel");
constexpr size_t kBiasGradient = kHalfGradients.PositionOf("dBias");

constexpr unsigned kReturnSequences = FlagBit("returnSequences");
constexpr unsigned kGoBackwards = FlagBit("goBackwards");
constexpr unsigned kZeroOutputForMask = FlagBit("zeroOutputForMask");
constexpr unsigned kCudnn = FlagBit("cudnn");
constexpr unsigned kAllowTf32 = FlagBit("allowTf32");

// Reads the weights and the flags of one GRU.
Status ReadWeights(const StackArguments& arguments, const StackShape& shape,
                   size_t index, StackHalf* half) {
  size_t flags = 0;
  const Status status = ReadSize(arguments.OfHalf(index, kHalfFlags), &flags);
  if (!status.ok()) return status;
  half->go_backwards = (flags & kGoBackwards) != 0;
  half->zero_output_for_mask = (flags & kZeroOutputForMask) != 0;
  const Path path = (flags & kCudnn) != 0 ? Path::kCudnn : Path::kCpu;
  return shape.grus[index].Weights(path, &half->backend);
}

// Reads the arrays of one GRU, whose sizes CheckStack has checked.
Status ReadHalf(const StackArguments& arguments, size_t index, size_t batch,
                StackHalf* half) {
  const GruDescription& description = half->backend->description();
  const size_t states = batch * description.units;
  const auto read = [&](size_t position, size_t length, void** data) {
    return ReadTensor(arguments.OfHalf(index, position), description.dtype,
                      length, data);
  };
  const auto given = [&](size_t position) {
    return !arguments.OfHalf(index, position).IsNothing();
  };
  Status status = read(kState, states, &half->state);
  void* data = nullptr;
  if (status.ok() && given(kInitialState)) {
    status = read(kInitialState, states, &data);
    half->initial_state = data;
  }
  if (status.ok() && given(kInputDropout)) {
    GruCall dropout;
    status = ReadInputDropout(arguments.OfHalf(index, kInputDropout),
                              description.dtype, batch * description.features,
                              &dropout);
    half->input_dropout = dropout.input_dropout;
    half->input_dropout_masks = dropout.input_dropout_masks;
  }
  if (status.ok() && given(kRecurrentDropout)) {
    status = read(kRecurrentDropout, 3 * states, &data);
    half->recurrent_dropout = data;
  }
  return status;
}

// Reads the weights and flags of all layers, and their sizes.
Status ReadLayers(const StackArguments& arguments, const StackShape& shape,
                  StackCall* call, StackSizes* sizes, Tf32* tf32) {
  const std::vector<Merge>& merges = shape.merges;
  size_t flags = 0;
  Status status = ReadSize(arguments[kBatch], &call->batch);
  if (status.ok()) status = ReadSize(arguments[kTimesteps], &call->timesteps);
  if (status.ok()) status = ReadSize(arguments[kFlags], &flags);
  *tf32 = (flags & kAllowTf32) != 0 ? Tf32::kAllowed : Tf32::kForbidden;
  call->layers.resize(merges.size());
  size_t index = 0;
  for (size_t i = 0; i < merges.size(); ++i) {
    StackLayer& layer = call->layers[i];
    const bool last = i + 1 == merges.size();
    layer.merge = merges[i];
    layer.half_count = layer.merge == Merge::kNone ? 1 : 2;
    layer.return_sequences = !last || (flags & kReturnSequences) != 0;
    for (size_t half = 0; half < layer.half_count && status.ok(); ++half) {
      status = ReadWeights(arguments, shape, index++, &layer.halves[half]);
    }
  }
  return status.ok() ? CheckStack(*call, sizes) : status;
}

Status ReadOutputs(const StackArguments& arguments, const StackSizes& sizes,
                   const GruDescription& description, StackCall* call) {
  Status status =
      ReadResultOrBits(arguments[kOutput], description, sizes.outputs[0],
                       &call->outputs[0], &call->output_is_bits);
  if (!status.ok() || call->layers.back().merge != Merge::kSeparate) {
    return status;
  }
  bool bits = false;
  status = ReadResultOrBits(arguments[kSecondOutput], description,
                            sizes.outputs[1], &call->outputs[1], &bits);
  if (status.ok() && bits != call->output_is_bits) {
    return Status(StatusCode::kDtype,
                  "Expected arrays of one type for the native arguments "
                  "`output` and `secondOutput` but received two.");
  }
  return status;
}

}  // namespace

StackArguments::StackArguments(napi_env env, napi_callback_info info,
                               const Signature& once, const Signature& repeated)
    : env_(env), once_(once), repeated_(repeated) {
  size_t count = kUsual;
  napi_get_cb_info(env, info, &count, usual_, &self_, nullptr);
  if (count > kUsual) {
    many_.resize(count);
    napi_get_cb_info(env, info, &count, many_.data(), &self_, nullptr);
    values_ = many_.data();
  }
  count_ = count;
  napi_get_undefined(env, &undefined_);
}

Argument StackArguments::TakeFirst() {
  const Argument first = (*this)[0];
  ++first_;
  return first;
}

napi_value StackArguments::All() const {
  napi_value all = nullptr;
  napi_create_array_with_length(env_, count_, &all);
  for (uint32_t i = 0; i < count_; ++i) {
    napi_set_element(env_, all, i, values_[i]);
  }
  return all;
}

Status ReadStackCall(const StackArguments& arguments, const StackShape& shape,
                     StepSelection* steps, StackCall* call, Tf32* tf32) {
  StackSizes sizes;
  Status status = ReadLayers(arguments, shape, call, &sizes, tf32);
  if (!status.ok()) return status;
  const GruDescription& description =
      call->layers[0].halves[0].backend->description();
  void* inputs = nullptr;
  status = ReadTensorOrBits(arguments[kInputs], description, sizes.inputs,
                            &inputs, &call->inputs_are_bits);
  call->inputs = inputs;
  if (status.ok()) status = ReadOutputs(arguments, sizes, description, call);
  if (status.ok()) {
    GruCall selected;
    selected.batch = call->batch;
    selected.timesteps = call->timesteps;
    status = ReadSteps(arguments[kMask], arguments[kLengths], steps, &selected);
    call->mask = selected.mask;
    call->lengths = selected.lengths;
  }
  size_t index = 0;
  for (StackLayer& layer : call->layers) {
    for (size_t half = 0; half < layer.half_count && status.ok(); ++half) {
      status = ReadHalf(arguments, index++, call->batch, &layer.halves[half]);
    }
  }
  return status;
}

Status ReadStackGradients(const StackArguments& arguments,
                          const GruStackPass& pass, StackGradients* gradients) {
  Status status;
  const auto read_by = [&](auto* reader, const Argument& argument,
                           size_t length) {
    void* data = nullptr;
    if (status.ok() && !argument.IsNothing()) {
      const Dtype dtype = pass.layers()[0].halves[0]->description().dtype;
      status = reader(argument, dtype, length, &data);
    }
    return data;
  };
  const auto read = [&](const Argument& argument, size_t length) {
    return read_by(ReadTensor, argument, length);
  };
  const auto result = [&](const Argument& argument, size_t length) {
    return read_by(ReadResult, argument, length);
  };
  const StackSizes sizes = pass.sizes();
  gradients->d_outputs[0] = read(arguments[kOutputGradient], sizes.outputs[0]);
  gradients->d_outputs[1] =
      read(arguments[kSecondOutputGradient], sizes.outputs[1]);
  gradients->d_inputs = result(arguments[kInputGradient], sizes.inputs);
  size_t index = 0;
  for (const LayerPass& layer : pass.layers()) {
    for (size_t i = 0; i < layer.half_count(); ++i, ++index) {
      const GruDescription& description = layer.halves[i]->description();
      const size_t states = layer.halves[i]->call().batch * description.units;
      const WeightSizes weights = ComputeWeightSizes(description);
      const auto of_half = [&](size_t position, size_t length) {
        return result(arguments.OfHalf(index, position), length);
      };
      HalfGradients half;
      half.d_state = read(arguments.OfHalf(index, kStateGradient), states);
      half.d_initial_state = of_half(kInitialStateGradient, states);
      half.d_kernel = of_half(kKernelGradient, weights.kernel);
      half.d_recurrent_kernel =
          of_half(kRecurrentKernelGradient, weights.recurrent_kernel);
      half.d_bias = of_half(kBiasGradient, weights.bias);
      gradients->halves.push_back(half);
    }
  }
  return status;
}

}  // namespace cudnn_gru
