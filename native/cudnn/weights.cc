#include "cudnn/weights.h"

#include <string>
#include <utility>

#include "core/workspace.h"
#include "cudnn/result.h"

namespace cudnn_gru {

Status CudnnLayer::Allocate(Lane& lane, DeviceBuffer* space,
                            WeightLayout* layout) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!use_.has_value()) use_.emplace(lane.device);
  if (layout_.has_value()) {
    *layout = *layout_;
    return space->Allocate(lane.device, MemoryKind::kDevice, layout->bytes);
  }
  // Places depend neither on TF32 nor on the algorithm.
  const RnnSettings settings(description_, false);
  RnnDescriptor rnn;
  CUDNN_GRU_RETURN_IF_ERROR(
      MakeRnn(lane.device, settings, abi::CUDNN_RNN_ALGO_STANDARD, &rnn));
  CUDNN_GRU_RETURN_IF_ERROR(
      QueryWeightBytes(lane.device, lane.handle, rnn, &layout->bytes));
  CUDNN_GRU_RETURN_IF_ERROR(
      space->Allocate(lane.device, MemoryKind::kDevice, layout->bytes));
  CUDNN_GRU_RETURN_IF_ERROR(QueryWeightLayout(
      lane.device, lane.handle, settings, rnn, space->data(), layout));
  layout_ = *layout;
  return Status();
}

Status CudnnWeights::Fill(Lane& lane, int threads, Resident* resident) const {
  CUDNN_GRU_RETURN_IF_ERROR(
      layer_->Allocate(lane, &resident->buffer, &resident->layout));
  const GruDescription& description = layer_->description();
  const size_t row = 3 * description.units * DtypeSize(description.dtype);
  BumpAllocator measure(nullptr);
  measure.Take<char>(description.features * row);
  measure.Take<char>(description.units * row);
  measure.Take<char>(2 * row);
  const Workspace workspace(measure.used());
  if (workspace.data() == nullptr) {
    return Status(StatusCode::kOutOfMemory,
                  "Expected " + std::to_string(measure.used()) +
                      " bytes of memory for the weights but the system has no "
                      "more to give");
  }
  BumpAllocator allocator(workspace.data());
  char* const kernel = allocator.Take<char>(description.features * row);
  char* const recurrent = allocator.Take<char>(description.units * row);
  char* const bias = allocator.Take<char>(2 * row);
  reader_(kernel, recurrent, bias);
  DeviceBuffer staged;
  const size_t bytes = resident->layout.bytes;
  CUDNN_GRU_RETURN_IF_ERROR(
      staged.Allocate(lane.device, MemoryKind::kPinned, bytes));
  const Drain drain(lane);
  PackWeights(description, resident->layout, {kernel, recurrent, bias},
              staged.data(), threads);
  CUDNN_GRU_RETURN_IF_ERROR(
      lane.Upload(resident->buffer.data(), staged.data(), bytes));
  // Other lanes may use the weights from now on, and their streams do not wait
  // for this one.
  return lane.Synchronize();
}

Status CudnnWeights::Upload(Lane& lane, int threads) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (resident_ != nullptr) return Status();
  auto resident = std::make_unique<Resident>();
  const Status status = Fill(lane, threads, resident.get());
  if (status.ok()) {
    resident_ = std::move(resident);
    // It may hold the layer's own copy, which passes should not keep alive.
    reader_ = nullptr;
  }
  return status;
}

}  // namespace cudnn_gru
