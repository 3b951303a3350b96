#ifndef CUDNN_GRU_CPU_FORWARD_CPU_STEPPER_H_
#define CUDNN_GRU_CPU_FORWARD_CPU_STEPPER_H_

#include <memory>

#include "core/gru_call.h"
#include "core/gru_stepper.h"
#include "core/status.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// Whether several threads would share a call of this size, or it has no
// kernels. Such a call gains nothing from a CpuStepper.
bool NeedsForward(const CpuWeights& weights, const GruCall& call);

// Makes a stepper that keeps the scratch memory and the time loop of `call` and
// computes on the calling thread. In a small layer, preparing them would take
// longer than a step. `weights` must outlive it. Not for calls that
// NeedsForward names. Fails with kOutOfMemory.
Status MakeCpuStepper(const CpuWeights& weights, const GruCall& call,
                      std::unique_ptr<GruStepper>* stepper);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_CPU_STEPPER_H_
