#include "cudnn/run_on_device.h"

#include <new>

#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

Status Attempt(Device& device, Waiting waiting,
               const std::function<Status(CallStream&)>& attempt) {
  CallStreamLease stream(device);
  CUDNN_GRU_RETURN_IF_ERROR(stream.Acquire());
  stream->waiting = waiting;
  try {
    return attempt(*stream);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory,
                  "The system has no memory for the tables of a cuDNN call.");
  }
}

}  // namespace

Status RunOnDevice(Device& device, const Cancellation* cancellation,
                   const std::function<Status(CallStream&)>& attempt) {
  const ContextScope context(device);
  CUDNN_GRU_RETURN_IF_ERROR(context.status());
  const Waiting waiting =
      cancellation == nullptr ? Waiting::kAwake : Waiting::kAsleep;
  Status status = Attempt(device, waiting, attempt);
  if (status.code() == StatusCode::kOutOfMemory ||
      status.remedy() == Remedy::kAgain) {
    FreeCaches(device);
    status = Attempt(device, waiting, attempt);
  }
  if (status.ok()) return status;
  // cuDNN's own message about a lost context does not say that it is lost.
  const Status usable = device.CheckUsable();
  return usable.ok() ? status : usable;
}

Status CheckCancelled(const Cancellation* cancellation) {
  return cancellation != nullptr && cancellation->requested()
             ? Status(StatusCode::kAborted, "The call was aborted.")
             : Status();
}

}  // namespace cudnn_gru
