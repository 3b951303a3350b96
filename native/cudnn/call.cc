#include "cudnn/call.h"

#include <new>

#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

Status Attempt(Device& device, bool asleep,
               const std::function<Status(CallStream&)>& attempt) {
  CallStreamLease stream(device);
  CUDNN_GRU_RETURN_IF_ERROR(stream.Acquire());
  stream->asleep = asleep;
  try {
    return attempt(*stream);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory,
                  "The system has no memory for the tables of a cuDNN call");
  }
}

}  // namespace

Status RunOnDevice(Device& device, const Cancellation* cancellation,
                   const std::function<Status(CallStream&)>& attempt) {
  const ContextScope context(device);
  CUDNN_GRU_RETURN_IF_ERROR(context.status());
  const bool asleep = cancellation != nullptr;
  Status status = Attempt(device, asleep, attempt);
  if (status.code() == StatusCode::kOutOfMemory ||
      status.remedy() == Remedy::kAgain) {
    FreeCaches(device);
    status = Attempt(device, asleep, attempt);
  }
  if (status.ok()) return status;
  // What cuDNN says of a lost context does not tell that it is lost.
  const Status usable = device.CheckUsable();
  return usable.ok() ? status : usable;
}

Status CheckCancelled(const Cancellation* cancellation) {
  return cancellation != nullptr && cancellation->requested()
             ? Status(StatusCode::kAborted, "The call was aborted")
             : Status();
}

Status FindDescriptors(CallStream& stream, const RnnSettings& settings,
                       const Chunking& chunking, const Chunk& chunk,
                       bool training, DescriptorSet** descriptors) {
  const DescriptorSet::Key key = {settings, chunk.algorithm,
                                  static_cast<int>(chunk.rows),
                                  static_cast<int>(chunk.timesteps), training};
  return stream.descriptors.Find(
      stream.device, stream.handle, key,
      chunking.chunk_lengths.data() + chunk.first_row, descriptors);
}

CallClass ClassOf(const RnnSettings& settings, const Chunk& chunk,
                  bool training) {
  return {settings.data_type, settings.math_type, settings.features,
          settings.units,     chunk.rows,         training};
}

}  // namespace cudnn_gru
