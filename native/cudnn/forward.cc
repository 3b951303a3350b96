#include "cudnn/forward.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "cudnn/call.h"
#include "cudnn/forward_pass.h"
#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

Status NoCudnnForm(const char* expected) {
  return Status(StatusCode::kArgument,
                std::string("Expected ") + expected +
                    " for a call with cuDNN but received another");
}

Status CheckForm(const GruDescription& description, const GruCall& call) {
  constexpr size_t kLargest = std::numeric_limits<int32_t>::max();
  if (description.activation.kind != Activation::kTanh ||
      description.recurrent_activation.kind != Activation::kSigmoid) {
    return NoCudnnForm("the activations tanh and sigmoid");
  }
  if (!description.reset_after) return NoCudnnForm("`reset_after`");
  if (call.input_dropout != nullptr || call.recurrent_dropout != nullptr) {
    return NoCudnnForm("no dropout");
  }
  if (call.batch == 0 || description.features == 0) {
    return NoCudnnForm("at least one row and one feature");
  }
  if (description.features > kLargest || call.timesteps > kLargest ||
      description.units > kLargest / call.batch) {
    return NoCudnnForm("sizes of at most 31 bits");
  }
  return Status();
}

GruCall WithoutPointers(const GruCall& call) {
  GruCall facts;
  facts.batch = call.batch;
  facts.timesteps = call.timesteps;
  facts.return_sequences = call.return_sequences;
  facts.go_backwards = call.go_backwards;
  facts.zero_output_for_mask = call.zero_output_for_mask;
  return facts;
}

// Runs the call with the best algorithm that takes it.
Status RunForward(const ForwardRequest& request, Schedule* schedule,
                  KeptTensors* kept, bool training, Lane& lane) {
  for (;;) {
    ForwardPass pass(request, schedule, kept, training, lane);
    const Status status = pass.Run();
    if (!pass.ruled_out()) return status;
  }
}

}  // namespace

Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation) {
  CUDNN_GRU_RETURN_IF_ERROR(CheckForm(weights->description(), call));
  Device* device = nullptr;
  CUDNN_GRU_RETURN_IF_ERROR(Device::Get(weights->device_index(), &device));
  const ForwardRequest request = {*weights, call, options, cancellation};
  size_t longest = 0;
  const auto run = [&](size_t max_timesteps) {
    return RunOnDevice(*device, cancellation, [&](Lane& lane) {
      CUDNN_GRU_RETURN_IF_ERROR(
          MakeSchedule(call, max_timesteps, &lane.schedule));
      longest = lane.schedule.longest();
      KeptTensors kept;
      return RunForward(request, &lane.schedule, &kept, false, lane);
    });
  };
  size_t max_timesteps = kMaxChunkTimesteps;
  Status status = run(max_timesteps);
  // Shorter chunks of time need less memory.
  while (status.code() == StatusCode::kOutOfMemory) {
    const size_t shorter = (std::min(max_timesteps, longest) + 1) / 2;
    if (shorter == 0 || shorter >= std::min(max_timesteps, longest)) break;
    max_timesteps = shorter;
    status = run(max_timesteps);
  }
  return status;
}

Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation,
                      std::unique_ptr<CudnnPass>* pass) {
  CUDNN_GRU_RETURN_IF_ERROR(CheckForm(weights->description(), call));
  Device* device = nullptr;
  CUDNN_GRU_RETURN_IF_ERROR(Device::Get(weights->device_index(), &device));
  const ForwardRequest request = {*weights, call, options, cancellation};
  return RunOnDevice(*device, cancellation, [&](Lane& lane) {
    auto made = std::make_unique<CudnnPass>(*device, weights);
    made->sizes = WithoutPointers(call);
    made->has_initial_state = call.initial_state != nullptr;
    made->allow_tf32 = options.allow_tf32;
    CUDNN_GRU_RETURN_IF_ERROR(
        MakeSchedule(call, kMaxChunkTimesteps, &made->schedule));
    CUDNN_GRU_RETURN_IF_ERROR(
        RunForward(request, &made->schedule, &made->kept, true, lane));
    *pass = std::move(made);
    return Status();
  });
}

}  // namespace cudnn_gru
