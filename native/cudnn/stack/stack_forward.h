#ifndef CUDNN_GRU_CUDNN_STACK_STACK_FORWARD_H_
#define CUDNN_GRU_CUDNN_STACK_STACK_FORWARD_H_

#include <memory>

#include "core/cancellation.h"
#include "core/gru_stack.h"
#include "core/gru_stack_pass.h"
#include "core/status.h"
#include "cudnn/forward.h"
#include "cudnn/weights.h"

namespace cudnn_gru {

// Returns weights of all GRUs of the call, for one cuDNN call. `layer` has the
// call's shape.
std::shared_ptr<CudnnWeights> StackWeights(std::shared_ptr<CudnnLayer> layer,
                                           const StackCall& call);

// Computes a stack's call, which has no obstacle (obstacles.h), in one cuDNN
// call. `weights` are those of the call. A failed call writes nothing but for
// the exception that forward.h names. Fails with the errors of ForwardOnCudnn,
// and with Remedy::kAnotherWay when cuDNN does not support such a call.
Status ForwardStackOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                           const StackCall& call, const CudnnOptions& options,
                           const Cancellation* cancellation);

// Computes the call and keeps the tensors that backward needs.
Status ForwardStackOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                           const StackCall& call, const CudnnOptions& options,
                           const Cancellation* cancellation,
                           std::unique_ptr<GruStackPass>* pass);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STACK_STACK_FORWARD_H_
