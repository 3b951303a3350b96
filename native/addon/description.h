#ifndef CUDNN_GRU_ADDON_DESCRIPTION_H_
#define CUDNN_GRU_ADDON_DESCRIPTION_H_

#include <napi.h>

#include "addon/arguments.h"
#include "core/gru_call.h"
#include "core/status.h"

namespace cudnn_gru {

// Reads a NativeGruDescription (lib/native/binding.ts). `cuda_device` is the
// index of the device for calls with cuDNN.
Status ReadDescription(const Argument& argument, GruDescription* description,
                       size_t* cuda_device);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_DESCRIPTION_H_
