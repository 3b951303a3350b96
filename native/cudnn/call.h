#ifndef CUDNN_GRU_CUDNN_CALL_H_
#define CUDNN_GRU_CUDNN_CALL_H_

#include <cstddef>
#include <functional>

#include "core/cancellation.h"
#include "core/gru_problem.h"
#include "core/status.h"
#include "cudnn/lane.h"

namespace cudnn_gru {

// What forward and backward calls have in common.

// Runs `attempt` with the context of the device current and a lane of its own.
// When memory runs out, frees everything that is kept for later calls and tries
// once more.
Status RunOnDevice(Device& device, const std::function<Status(Lane&)>& attempt);

// kAborted once that was asked for.
Status CheckCancelled(const Cancellation* cancellation);

// The plan of a chunk of the lane's or a tape's schedule.
Status FindPlan(Lane& lane, const RnnSettings& settings,
                const Schedule& schedule, const Chunk& chunk, bool training,
                Plan** plan);

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
