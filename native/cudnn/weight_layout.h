#ifndef CUDNN_GRU_CUDNN_WEIGHT_LAYOUT_H_
#define CUDNN_GRU_CUDNN_WEIGHT_LAYOUT_H_

#include <cstddef>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/device.h"
#include "cudnn/plan.h"

namespace cudnn_gru {

// Where cuDNN wants a layer's weights: six matrices, of the inputs and then of
// the states, each (U, depth) and row-major, gates in cuDNN's order r, z, h;
// and a bias (U,) for each.
constexpr size_t kLinearLayers = 6;
struct WeightLayout {
  size_t bytes = 0;
  // From the start, in elements.
  size_t matrices[kLinearLayers] = {};
  size_t biases[kLinearLayers] = {};
};

// How many bytes the weights of these settings take.
Status QueryWeightBytes(const Device& device, abi::cudnnHandle_t handle,
                        const RnnDescriptor& rnn, size_t* bytes);

// Asks cuDNN for each place in `space`, of layout->bytes on the device. kCudnn
// when an answer is not as documented.
Status QueryWeightLayout(const Device& device, abi::cudnnHandle_t handle,
                         const RnnSettings& settings, const RnnDescriptor& rnn,
                         const char* space, WeightLayout* layout);

// Keras's tensors: kernel (F, 3U), recurrent kernel (U, 3U) and bias (2, 3U)
// with gates z, r, h.
struct KerasGradients {  // each may be null
  void* kernel;
  void* recurrent_kernel;
  void* bias;
};

// To and from a host copy of the space, on at most `threads` threads. Packing
// fills the whole space.
void PackWeights(const GruDescription& description, const WeightLayout& layout,
                 const KerasWeights& weights, void* space, int threads);
void UnpackWeights(const GruDescription& description,
                   const WeightLayout& layout, const void* space,
                   const KerasGradients& gradients, int threads);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_WEIGHT_LAYOUT_H_
