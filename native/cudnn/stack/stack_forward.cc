#include "cudnn/stack/stack_forward.h"

#include <utility>
#include <vector>

#include "cudnn/cudnn_backend.h"
#include "cudnn/forward_computation.h"
#include "cudnn/library_status.h"
#include "cudnn/run_on_device.h"
#include "cudnn/stack/stack_forward_tensors.h"
#include "cudnn/stack/stack_pass.h"

namespace cudnn_gru {
namespace {

// Divides the call into the one chunk that it may have.
Status MakeChunking(const StackCall& call, Chunking* chunking) {
  return DivideIntoChunks(CallOfHalf(call, 0, 0, nullptr), kMaxChunkTimesteps,
                          chunking);
}

}  // namespace

std::shared_ptr<CudnnWeights> StackWeights(std::shared_ptr<CudnnLayer> layer,
                                           const StackCall& call) {
  std::vector<WeightReader> readers;
  for (const StackLayer& each : call.layers) {
    for (size_t half = 0; half < each.half_count; ++half) {
      readers.push_back(
          static_cast<const CudnnBackend&>(*each.halves[half].backend)
              .reader());
    }
  }
  return std::make_shared<CudnnWeights>(std::move(layer), std::move(readers));
}

Status ForwardStackOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                           const StackCall& call, const CudnnOptions& options,
                           const Cancellation* cancellation) {
  Device* device = nullptr;
  CUDNN_GRU_RETURN_IF_ERROR(Device::Get(weights->device_index(), &device));
  return RunOnDevice(*device, cancellation, [&](CallStream& stream) {
    CUDNN_GRU_RETURN_IF_ERROR(MakeChunking(call, &stream.chunking));
    StackForwardTensors tensors(weights->shape(), call, stream.chunking);
    CUDNN_GRU_RETURN_IF_ERROR(
        tensors.Allocate(StackForwardTensors::Halves::kScratch));
    KeptTensors kept;
    return RunForward({*weights, tensors, options, cancellation,
                       abi::CUDNN_FWD_MODE_INFERENCE},
                      &stream.chunking, &kept, stream);
  });
}

Status ForwardStackOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                           const StackCall& call, const CudnnOptions& options,
                           const Cancellation* cancellation,
                           std::unique_ptr<GruStackPass>* pass) {
  Device* device = nullptr;
  CUDNN_GRU_RETURN_IF_ERROR(Device::Get(weights->device_index(), &device));
  return RunOnDevice(*device, cancellation, [&](CallStream& stream) {
    auto made = std::make_unique<CudnnStackPass>(*device, weights, call);
    KeptForward& kept = made->kept;
    kept.tf32 = options.tf32;
    kept.trial = options.trial;
    CUDNN_GRU_RETURN_IF_ERROR(MakeChunking(call, &kept.chunking));
    StackForwardTensors tensors(weights->shape(), call, kept.chunking);
    kept.has_initial_states = tensors.has_initial_states();
    const bool keeps = call.layers.back().merge == Merge::kMul;
    CUDNN_GRU_RETURN_IF_ERROR(
        tensors.Allocate(keeps ? StackForwardTensors::Halves::kKept
                               : StackForwardTensors::Halves::kScratch));
    CUDNN_GRU_RETURN_IF_ERROR(
        RunForward({*weights, tensors, options, cancellation,
                    abi::CUDNN_FWD_MODE_TRAINING},
                   &kept.chunking, &kept.tensors, stream));
    if (keeps) made->KeepHalves(tensors.TakeHalves());
    *pass = std::move(made);
    return Status();
  });
}

}  // namespace cudnn_gru
