#ifndef CUDNN_GRU_CUDNN_BACKEND_MAKER_H_
#define CUDNN_GRU_CUDNN_BACKEND_MAKER_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "core/gru_backend.h"
#include "core/gru_description.h"

namespace cudnn_gru {

// Makes the cuDNN backend of one version of a layer's weights.
using CudnnBackendMaker =
    std::function<std::shared_ptr<const GruBackend>(WeightReader)>;

// Returns what makes the backends of one layer, on the CUDA device of that
// index. Where the binary has no cuDNN path (absent.cc), each of their calls
// fails with kCudnnUnavailable.
CudnnBackendMaker MakerOfCudnnBackends(const GruDescription& description,
                                       size_t device);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_BACKEND_MAKER_H_
