#ifndef CUDNN_GRU_CORE_GRU_BACKEND_H_
#define CUDNN_GRU_CORE_GRU_BACKEND_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/gru_pass.h"
#include "core/gru_stepper.h"
#include "core/status.h"

namespace cudnn_gru {

// Whether products of float32 values may round their factors to TF32, which
// has 10 bits of mantissa. Only cuDNN can do that.
enum class Tf32 { kForbidden, kAllowed };

// How one call is to be computed.
struct ComputeOptions {
  // The call may use up to so many threads, the calling thread included.
  int threads = 1;
  // Asks the call to stop; null for a call that nobody can cancel.
  const Cancellation* cancellation = nullptr;
  Tf32 tf32 = Tf32::kForbidden;
};

// Writes Keras's kernel (F, 3U), recurrent kernel (U, 3U) and bias (2, 3U) of
// one GRU in description.dtype. May fail with kOutOfMemory.
using WeightReader =
    std::function<Status(void* kernel, void* recurrent_kernel, void* bias)>;

class GruStackRunner;

// The seam between native/addon and the two paths that can compute a GRU: the
// CPU's kernels (cpu/cpu_backend.h) and cuDNN (cudnn/cudnn_backend.h). An
// object holds one version of one layer's weights in the form that its path
// computes with. Calls in flight share it, and new weights make a new object,
// so it does not change what a running call computes. All methods may be called
// on several threads at a time.
class GruBackend {
 public:
  virtual ~GruBackend() = default;

  // "cpu" or "cudnn", as in lib/.
  virtual const char* name() const = 0;

  virtual const GruDescription& description() const = 0;

  // The bytes of host memory that the weights take.
  virtual size_t bytes() const = 0;

  // Computes `call`, whose tensors are read and written before this returns.
  // Returns kAborted after a cancellation, and leaves the output and the state
  // undefined then, as after any other failure.
  virtual Status Forward(const GruCall& call,
                         const ComputeOptions& options) const = 0;

  // Computes `call` as Forward does, with the same results, and keeps in `pass`
  // everything that its gradients need.
  virtual Status ForwardKeepingPass(const GruCall& call,
                                    const ComputeOptions& options,
                                    std::unique_ptr<GruPass>* pass) const = 0;

  // Makes an object that computes `call` again and again, with the results of
  // Forward. The object must not outlive this backend. Fails with kOutOfMemory.
  virtual Status MakeStepper(const GruCall& call,
                             std::unique_ptr<GruStepper>* stepper) const {
    *stepper = MakeForwardStepper(*this, call);
    return Status();
  }

  // A function that makes an object which computes several layers of this kind
  // of backend in one job (core/gru_stack.h), or null when there is no better
  // way than to call them one by one. It is the same function for all backends
  // of one kind, and identifies the kind.
  using StackRunnerMaker = std::unique_ptr<GruStackRunner> (*)();
  virtual StackRunnerMaker stack_runner_maker() const { return nullptr; }
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_GRU_BACKEND_H_
