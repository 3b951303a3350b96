#ifndef CUDNN_GRU_CPU_WEIGHTS_LAYER_CHOICE_H_
#define CUDNN_GRU_CPU_WEIGHTS_LAYER_CHOICE_H_

#include "core/gru_description.h"
#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

// Chooses the kernels of a float32 layer, and with them the format that its
// weights are packed in, from its features and units alone, so that all calls
// of a layer compute alike.
const LayerKernels<float>& ChooseLayerKernels(const GruDescription& description,
                                              const KernelSet& kernels);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_WEIGHTS_LAYER_CHOICE_H_
