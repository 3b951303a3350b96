#ifndef CUDNN_GRU_ADDON_STEP_FUNCTION_H_
#define CUDNN_GRU_ADDON_STEP_FUNCTION_H_

#include <napi.h>

#include <memory>

#include "addon/arguments.h"
#include "addon/backends.h"
#include "core/gru_description.h"

namespace cudnn_gru {

// Makes the function that `NativeGru.bindStep` returns (lib/native/binding.ts).
// It takes nothing, and computes one timestep on the CPU, with the arrays that
// bindStep was given and the weights that `current` then holds. Node hands it a
// pointer with every call, so nothing is looked up and no argument is read.
// Returns null with a pending exception on failure.
napi_value MakeStepFunction(const Arguments& arguments,
                            const GruDescription& description,
                            std::shared_ptr<const CurrentBackends> current);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_STEP_FUNCTION_H_
