#ifndef CUDNN_GRU_CORE_GRU_STEPPER_H_
#define CUDNN_GRU_CORE_GRU_STEPPER_H_

#include <cstddef>
#include <memory>

#include "core/gru_call.h"
#include "core/status.h"

namespace cudnn_gru {

class GruBackend;

// Computes one call again and again, always with the same arrays, which the
// caller fills and reads in between. Made for streams: a call of one timestep
// whose state is its own initial state. An object is used by one thread at a
// time.
class GruStepper {
 public:
  virtual ~GruStepper() = default;

  // Computes the call once more. Returns the errors of GruBackend::Forward.
  virtual Status Step() = 0;

  // The bytes of scratch memory that this keeps between steps.
  virtual size_t bytes() const { return 0; }
};

// Makes a stepper whose steps are calls of `backend.Forward` on all threads.
// `backend` must outlive it.
std::unique_ptr<GruStepper> MakeForwardStepper(const GruBackend& backend,
                                               const GruCall& call);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_GRU_STEPPER_H_
