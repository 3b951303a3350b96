#include "cudnn/forward.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "cudnn/forward_computation.h"
#include "cudnn/gru_tensors.h"
#include "cudnn/library_status.h"
#include "cudnn/run_on_device.h"

namespace cudnn_gru {
namespace {

Status NoCudnnForm(const char* expected) {
  return Status(StatusCode::kArgument,
                std::string("Expected ") + expected +
                    " for a call with cuDNN but received another.");
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
  GruCall copy;
  copy.batch = call.batch;
  copy.timesteps = call.timesteps;
  copy.return_sequences = call.return_sequences;
  copy.go_backwards = call.go_backwards;
  copy.zero_output_for_mask = call.zero_output_for_mask;
  return copy;
}

}  // namespace

CudnnOptions CudnnOptionsOf(const ComputeOptions& options) {
  CudnnOptions cudnn;
  cudnn.tf32 = options.tf32;
  cudnn.threads = options.threads;
  return cudnn;
}

Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation) {
  CUDNN_GRU_RETURN_IF_ERROR(CheckForm(weights->description(), call));
  Device* device = nullptr;
  CUDNN_GRU_RETURN_IF_ERROR(Device::Get(weights->device_index(), &device));
  size_t longest = 0;
  const auto run = [&](size_t max_timesteps) {
    return RunOnDevice(*device, cancellation, [&](CallStream& stream) {
      CUDNN_GRU_RETURN_IF_ERROR(
          DivideIntoChunks(call, max_timesteps, &stream.chunking));
      longest = stream.chunking.longest();
      const GruForwardTensors tensors(weights->description(), call,
                                      stream.chunking);
      KeptTensors kept;
      return RunForward({*weights, tensors, options, cancellation,
                         abi::CUDNN_FWD_MODE_INFERENCE},
                        &stream.chunking, &kept, stream);
    });
  };
  size_t max_timesteps = kMaxChunkTimesteps;
  Status status = run(max_timesteps);
  // Chunks of fewer time steps need less memory.
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
  return RunOnDevice(*device, cancellation, [&](CallStream& stream) {
    auto made = std::make_unique<CudnnPass>(*device, weights);
    made->sizes = WithoutPointers(call);
    KeptForward& kept = made->kept;
    kept.has_initial_states = call.initial_state != nullptr;
    kept.tf32 = options.tf32;
    kept.trial = options.trial;
    CUDNN_GRU_RETURN_IF_ERROR(
        DivideIntoChunks(call, kMaxChunkTimesteps, &kept.chunking));
    const GruForwardTensors tensors(weights->description(), call,
                                    kept.chunking);
    CUDNN_GRU_RETURN_IF_ERROR(
        RunForward({*weights, tensors, options, cancellation,
                    abi::CUDNN_FWD_MODE_TRAINING},
                   &kept.chunking, &kept.tensors, stream));
    *pass = std::move(made);
    return Status();
  });
}

}  // namespace cudnn_gru
