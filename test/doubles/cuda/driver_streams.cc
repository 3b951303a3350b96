#include "cuda/driver.h"
#include "cuda/streams.h"
#include "support/control.h"

// The double of libcuda.so.1: streams and events.

using doubles::Enter;

DOUBLE_EXPORT CUresult cuStreamCreate(CUstream* stream, unsigned int flags) {
  DRIVER_ENTER_CONTEXT();
  *stream = static_cast<CUstream>(
      doubles::MakeStream(context, (flags & CU_STREAM_NON_BLOCKING) == 0));
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuStreamDestroy_v2(CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::DestroyStream(__func__, stream, context);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuStreamSynchronize(CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::CheckStream(__func__, stream, context);
  doubles::Count("waits.spinning", 1);
  return static_cast<CUresult>(doubles::Drain(stream, context));
}

DOUBLE_EXPORT CUresult cuStreamQuery(CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::CheckStream(__func__, stream, context);
  const bool idle = doubles::Advance(stream, context);
  if (const int sticky = doubles::StickyError(context))
    return static_cast<CUresult>(sticky);
  return idle ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

DOUBLE_EXPORT CUresult cuStreamWaitEvent(CUstream stream, CUevent event,
                                         unsigned int) {
  DRIVER_ENTER_CONTEXT();
  doubles::StreamWaitsFor(__func__, stream, event, context);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuEventCreate(CUevent* event, unsigned int flags) {
  DRIVER_ENTER_CONTEXT();
  *event = static_cast<CUevent>(
      doubles::MakeEvent(context, (flags & CU_EVENT_DISABLE_TIMING) == 0,
                         (flags & CU_EVENT_BLOCKING_SYNC) != 0));
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuEventDestroy_v2(CUevent event) {
  DRIVER_ENTER_CONTEXT();
  doubles::DestroyEvent(__func__, event, context);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuEventRecord(CUevent event, CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::RecordEvent(__func__, event, stream, context);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuEventQuery(CUevent event) {
  DRIVER_ENTER_CONTEXT();
  const bool reached = doubles::EventReached(__func__, event, context, false);
  if (const int sticky = doubles::StickyError(context))
    return static_cast<CUresult>(sticky);
  return reached ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

DOUBLE_EXPORT CUresult cuEventSynchronize(CUevent event) {
  DRIVER_ENTER_CONTEXT();
  doubles::Count(doubles::WaitsBlocking(__func__, event, context)
                     ? "waits.blocking"
                     : "waits.spinning",
                 1);
  doubles::EventReached(__func__, event, context, true);
  return static_cast<CUresult>(doubles::StickyError(context));
}

DOUBLE_EXPORT CUresult cuEventElapsedTime(float* milliseconds, CUevent first,
                                          CUevent last) {
  DRIVER_ENTER_CONTEXT();
  return doubles::TimeBetween(__func__, first, last, context, milliseconds)
             ? CUDA_SUCCESS
             : CUDA_ERROR_NOT_READY;
}
