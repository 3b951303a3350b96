#ifndef CUDNN_GRU_CUDNN_SELF_CHECK_H_
#define CUDNN_GRU_CUDNN_SELF_CHECK_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/algorithm.h"
#include "cudnn/launch_graphs.h"

namespace cudnn_gru {

// The way of computing that a self-check tries.
struct SelfCheckWay {
  enum class Launches {
    kPlain,
    kGraphs,  // repeats the calls, so that they are captured and replayed
  };
  bool plain() const {
    return algorithm == kStandardAlgorithm && launches == Launches::kPlain;
  }
  // Returns how often every call is made.
  int rounds() const { return launches == Launches::kPlain ? 1 : 3; }

  Algorithm algorithm = kStandardAlgorithm;
  Launches launches = Launches::kPlain;
};

// Runs one tiny call on the device and compares it with the scalar reference:
// forward, and for ways other than the plain one backward too. The check only
// shows that the device computes a GRU; the accuracy is a matter for tests.
// Fails with kCudnn when the numbers differ too much, and with the errors of
// the call.
Status RunSelfCheck(size_t device, Dtype dtype, StateRounding state_rounding,
                    const SelfCheckWay& way);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SELF_CHECK_H_
