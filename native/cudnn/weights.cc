#include "cudnn/weights.h"

#include <string>
#include <utility>

#include "core/workspace.h"
#include "cudnn/library_status.h"

namespace cudnn_gru {

Status CudnnLayer::Allocate(CallStream& stream, DeviceBuffer* space,
                            WeightLayout* layout) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!use_.has_value()) use_.emplace(stream.device);
  if (layout_.has_value()) {
    *layout = *layout_;
    return space->Allocate(stream.device, MemoryKind::kDevice, layout->bytes);
  }
  // The layout depends neither on TF32 nor on the algorithm.
  const RnnSettings settings(description_, Tf32::kForbidden);
  RnnDescriptor rnn;
  CUDNN_GRU_RETURN_IF_ERROR(
      MakeRnn(stream.device, settings, abi::CUDNN_RNN_ALGO_STANDARD, &rnn));
  CUDNN_GRU_RETURN_IF_ERROR(
      QueryWeightBytes(stream.device, stream.handle, rnn, &layout->bytes));
  CUDNN_GRU_RETURN_IF_ERROR(
      space->Allocate(stream.device, MemoryKind::kDevice, layout->bytes));
  CUDNN_GRU_RETURN_IF_ERROR(QueryWeightLayout(
      stream.device, stream.handle, settings, rnn, space->data(), layout));
  layout_ = *layout;
  return Status();
}

Status CudnnWeights::Fill(CallStream& stream, int threads,
                          Resident* resident) const {
  CUDNN_GRU_RETURN_IF_ERROR(
      layer_->Allocate(stream, &resident->buffer, &resident->layout));
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
                      "more to give.");
  }
  BumpAllocator allocator(workspace.data());
  char* const kernel = allocator.Take<char>(description.features * row);
  char* const recurrent = allocator.Take<char>(description.units * row);
  char* const bias = allocator.Take<char>(2 * row);
  reader_(kernel, recurrent, bias);
  DeviceBuffer staged;
  const size_t bytes = resident->layout.bytes;
  CUDNN_GRU_RETURN_IF_ERROR(
      staged.Allocate(stream.device, MemoryKind::kPinned, bytes));
  const StreamDrain drain(stream);
  PackWeights(description, resident->layout, {kernel, recurrent, bias},
              staged.data(), threads);
  CUDNN_GRU_RETURN_IF_ERROR(
      stream.Upload(resident->buffer.data(), staged.data(), bytes));
  // Other streams may use the weights from now on, and they do not wait for
  // this stream.
  return stream.Synchronize();
}

Status CudnnWeights::Upload(CallStream& stream, int threads) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (resident_ != nullptr) return Status();
  auto resident = std::make_unique<Resident>();
  const Status status = Fill(stream, threads, resident.get());
  if (status.ok()) {
    resident_ = std::move(resident);
    // The reader may hold the layer's own copy of the weights, which passes
    // should not keep alive.
    reader_ = nullptr;
  }
  return status;
}

}  // namespace cudnn_gru
