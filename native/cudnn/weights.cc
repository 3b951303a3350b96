#include "cudnn/weights.h"

#include <algorithm>
#include <cstring>
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
  const RnnSettings settings(shape_, Tf32::kForbidden);
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
  // The GRUs are read one after the other into the same arrays, and the later
  // layers may have more features than the first one.
  const size_t most_features =
      std::max(description().features,
               shape().DescriptionOf(shape().pseudo_layers() - 1).features);
  const size_t row = 3 * description().units * DtypeSize(description().dtype);
  BumpAllocator measure(nullptr);
  measure.Take<char>(most_features * row);
  measure.Take<char>(description().units * row);
  measure.Take<char>(2 * row);
  const Workspace workspace(measure.used());
  if (workspace.data() == nullptr) {
    return Status(StatusCode::kOutOfMemory,
                  "Expected " + std::to_string(measure.used()) +
                      " bytes of memory for the weights but the system has no "
                      "more to give.");
  }
  BumpAllocator allocator(workspace.data());
  char* const kernel = allocator.Take<char>(most_features * row);
  char* const recurrent = allocator.Take<char>(description().units * row);
  char* const bias = allocator.Take<char>(2 * row);
  DeviceBuffer staged;
  const WeightLayout& layout = resident->layout;
  CUDNN_GRU_RETURN_IF_ERROR(
      staged.Allocate(stream.device, MemoryKind::kPinned, layout.bytes));
  const StreamDrain drain(stream);
  // cuDNN also reads the gaps between the matrices.
  std::memset(staged.data(), 0, layout.bytes);
  for (size_t i = 0; i < readers_.size(); ++i) {
    CUDNN_GRU_RETURN_IF_ERROR(readers_[i](kernel, recurrent, bias));
    PackWeights(shape().DescriptionOf(i), layout.pseudo_layers[i],
                {kernel, recurrent, bias}, staged.data(), threads);
  }
  CUDNN_GRU_RETURN_IF_ERROR(
      stream.Upload(resident->buffer.data(), staged.data(), layout.bytes));
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
    // The readers may hold the layers' own copies of the weights, which passes
    // should not keep alive.
    readers_.clear();
  }
  return status;
}

}  // namespace cudnn_gru
