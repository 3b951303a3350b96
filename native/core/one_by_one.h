#ifndef CUDNN_GRU_CORE_ONE_BY_ONE_H_
#define CUDNN_GRU_CORE_ONE_BY_ONE_H_

#include "core/gru_stack.h"
#include "core/status.h"

namespace cudnn_gru {

// Computes a stack's call, which CheckStack has accepted, by calling its GRUs
// one after the other on whatever backends they have. The outputs between them
// stay in scratch memory. Adds what the gradients need to `pass` unless it is
// null.
Status ForwardOneByOne(const StackCall& call, const ComputeOptions& options,
                       GruStackPass* pass);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ONE_BY_ONE_H_
