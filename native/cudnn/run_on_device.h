#ifndef CUDNN_GRU_CUDNN_RUN_ON_DEVICE_H_
#define CUDNN_GRU_CUDNN_RUN_ON_DEVICE_H_

#include <functional>

#include "core/cancellation.h"
#include "core/status.h"
#include "cudnn/call_stream.h"

namespace cudnn_gru {

// Runs `attempt` with the device's context current and a stream of its own.
// When memory runs out or the device is busy, frees everything that is kept for
// later calls and tries once more. A call with a `cancellation` is asynchronous
// and sleeps while it waits for the device.
Status RunOnDevice(Device& device, const Cancellation* cancellation,
                   const std::function<Status(CallStream&)>& attempt);

// Returns kAborted after somebody asked for the cancellation. `cancellation`
// may be null.
Status CheckCancelled(const Cancellation* cancellation);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_RUN_ON_DEVICE_H_
