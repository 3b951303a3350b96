#ifndef CUDNN_GRU_CORE_GRU_PASS_H_
#define CUDNN_GRU_CORE_GRU_PASS_H_

#include <cstddef>

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/gru_description.h"
#include "core/status.h"

namespace cudnn_gru {

// Everything that one forward call kept for its gradients. It does not depend
// on the layer or on the call's tensors, which may change or go. It serves one
// backward call.
class GruPass {
 public:
  virtual ~GruPass() = default;

  virtual const GruDescription& description() const = 0;
  // The call's sizes and flags. Only the pass itself uses the pointers.
  virtual const GruCall& call() const = 0;
  virtual size_t bytes() const = 0;
  // Whether a backward call has begun to compute. That overwrites what the pass
  // kept, so there can be no second one.
  virtual bool spent() const = 0;
  // Computes the gradients on this thread and on up to `threads` threads in
  // all. `cancellation` may be null. Returns kState when the pass is spent.
  // Only a call that succeeds leaves defined values in `gradients`.
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

#endif  // CUDNN_GRU_CORE_GRU_PASS_H_
