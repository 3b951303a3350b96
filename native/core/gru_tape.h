#ifndef CUDNN_GRU_CORE_GRU_TAPE_H_
#define CUDNN_GRU_CORE_GRU_TAPE_H_

#include <cstddef>

#include "core/cancellation.h"
#include "core/gru_problem.h"
#include "core/status.h"

namespace cudnn_gru {

// What one forward call kept for its gradients, whatever happens to the layer
// and to the call's tensors. It serves one backward call.
class GruTape {
 public:
  virtual ~GruTape() = default;

  virtual const GruDescription& description() const = 0;
  // The call's sizes and flags; its pointers are the tape's own business.
  virtual const GruCall& call() const = 0;
  virtual size_t bytes() const = 0;
  // Whether a backward call has begun to compute: what the tape held is then
  // used up.
  virtual bool spent() const = 0;
  // kState when the tape is spent. `gradients` are unspecified unless it
  // succeeds. Computes on this thread and on up to `threads` in all.
  virtual Status Backward(const GruGradients& gradients, int threads,
                          const Cancellation* cancellation) = 0;

 protected:
  static Status Spent() {
    return Status(StatusCode::kState,
                  "Expected a pass whose backward has not been called but "
                  "received a used one. Call forward again.");
  }
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_GRU_TAPE_H_
