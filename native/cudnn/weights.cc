#include "cudnn/weights.h"

#include <utility>

#include "core/workspace.h"
#include "cudnn/result.h"

namespace cudnn_gru {

Status CudnnWeights::Fill(Lane& lane, Resident* resident) const {
  // Places do not depend on TF32.
  const RnnSettings settings(description_, false);
  RnnDescriptor rnn;
  CUDNN_GRU_RETURN_IF_ERROR(MakeRnn(lane.device, settings, &rnn));
  WeightLayout& layout = resident->layout;
  CUDNN_GRU_RETURN_IF_ERROR(
      QueryWeightBytes(lane.device, lane.handle, rnn, &layout.bytes));
  CUDNN_GRU_RETURN_IF_ERROR(resident->buffer.Allocate(
      lane.device, MemoryKind::kDevice, layout.bytes));
  CUDNN_GRU_RETURN_IF_ERROR(
      QueryWeightLayout(lane.device, lane.handle, settings, rnn,
                        resident->buffer.data(), &layout));

  const size_t size = DtypeSize(description_.dtype);
  const size_t row = 3 * description_.units * size;
  BumpAllocator measure(nullptr);
  measure.Take<char>(description_.features * row);
  measure.Take<char>(description_.units * row);
  measure.Take<char>(2 * row);
  const Workspace workspace(measure.used());
  if (workspace.data() == nullptr) {
    return Status(StatusCode::kOutOfMemory,
                  "Expected " + std::to_string(measure.used()) +
                      " bytes of memory for the weights but the system has no "
                      "more to give");
  }
  BumpAllocator allocator(workspace.data());
  char* const kernel = allocator.Take<char>(description_.features * row);
  char* const recurrent = allocator.Take<char>(description_.units * row);
  char* const bias = allocator.Take<char>(2 * row);
  reader_(kernel, recurrent, bias);
  DeviceBuffer staged;
  CUDNN_GRU_RETURN_IF_ERROR(
      staged.Allocate(lane.device, MemoryKind::kPinned, layout.bytes));
  const Drain drain(lane);
  PackWeights(description_, layout, kernel, recurrent, bias, staged.data());
  CUDNN_GRU_RETURN_IF_ERROR(
      lane.Upload(resident->buffer.data(), staged.data(), layout.bytes));
  // Other lanes may use the weights from now on, and their streams do not wait
  // for this one.
  return lane.Synchronize();
}

Status CudnnWeights::Upload(Lane& lane) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (resident_ != nullptr) return Status();
  auto resident = std::make_unique<Resident>(lane.device);
  const Status status = Fill(lane, resident.get());
  if (status.ok()) resident_ = std::move(resident);
  return status;
}

}  // namespace cudnn_gru
