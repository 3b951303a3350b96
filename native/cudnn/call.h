#ifndef CUDNN_GRU_CUDNN_CALL_H_
#define CUDNN_GRU_CUDNN_CALL_H_

#include <cstddef>
#include <functional>

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/lane.h"

namespace cudnn_gru {

// What forward and backward calls have in common.

// Runs `attempt` with the context of the device current and a lane of its own.
// When memory runs out or the device is busy, frees everything that is kept for
// later calls and tries once more. With a `cancellation` the call is an
// asynchronous one, and waits asleep.
Status RunOnDevice(Device& device, const Cancellation* cancellation,
                   const std::function<Status(Lane&)>& attempt);

// kAborted once that was asked for.
Status CheckCancelled(const Cancellation* cancellation);

// The plan of a chunk of the lane's or a pass's schedule, by its algorithm.
Status FindPlan(Lane& lane, const RnnSettings& settings,
                const Schedule& schedule, const Chunk& chunk, bool training,
                Plan** plan);

CallClass ClassOf(const RnnSettings& settings, const Chunk& chunk,
                  bool training);

// A tensor of a call's: on the device, and in staging memory. Its size is that
// on the device.
struct Staged {
  size_t bytes = 0;
  size_t at = 0;
  size_t staged_at = 0;
};

// Deals out places in one block, each aligned as cuMemAlloc aligns.
class PlaceAllocator {
 public:
  size_t Take(size_t bytes) {
    constexpr size_t kAlignment = 256;
    const size_t at = used_;
    used_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return at;
  }
  size_t used() const { return used_; }

 private:
  size_t used_ = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CALL_H_
