#ifndef CUDNN_GRU_CUDNN_WEIGHT_LAYOUT_H_
#define CUDNN_GRU_CUDNN_WEIGHT_LAYOUT_H_

#include <cstddef>
#include <vector>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/cudnn_descriptor.h"
#include "cudnn/device.h"
#include "cudnn/rnn_settings.h"

namespace cudnn_gru {

// The number of linear layers in a GRU, as cuDNN calls them: one for each gate,
// in cuDNN's order r, z, h, first for the inputs and then for the states.
constexpr size_t kLinearLayers = 6;

// Where cuDNN's weight space holds the weights of each linear layer of a
// pseudo-layer (rnn_shape.h): a row-major matrix (U, depth) and a bias (U,).
// Offsets are from the start of the space, in elements.
struct PseudoLayerLayout {
  size_t matrices[kLinearLayers] = {};
  size_t biases[kLinearLayers] = {};
};

struct WeightLayout {
  size_t bytes = 0;
  std::vector<PseudoLayerLayout> pseudo_layers;
};

// Asks cuDNN for the size of the weight space.
Status QueryWeightBytes(const Device& device, abi::cudnnHandle_t handle,
                        const RnnDescriptor& rnn, size_t* bytes);

// Asks cuDNN for the place of each matrix and bias in `space`, which has
// layout->bytes on the device. Fails with kCudnn when an answer differs from
// cuDNN's documentation.
Status QueryWeightLayout(const Device& device, abi::cudnnHandle_t handle,
                         const RnnSettings& settings, const RnnDescriptor& rnn,
                         const char* space, WeightLayout* layout);

// The gradients of Keras's weights: kernel (F, 3U), recurrent kernel (U, 3U)
// and bias (2, 3U), with the gates in the order z, r, h.
struct KerasGradients {  // each may be null
  void* kernel;
  void* recurrent_kernel;
  void* bias;
};

// Convert the weights of one pseudo-layer, of which `description` describes the
// GRU, to a host copy of the weight space, and gradients in such a copy to
// Keras's form, on at most `threads` threads. Packing leaves the rest of the
// space as it is. It must be zero, because cuDNN also reads the gaps between
// the matrices.
void PackWeights(const GruDescription& description,
                 const PseudoLayerLayout& layout, const KerasWeights& weights,
                 void* space, int threads);
void UnpackWeights(const GruDescription& description,
                   const PseudoLayerLayout& layout, const void* space,
                   const KerasGradients& gradients, int threads);
// Writes zeros to the gradients that are wanted.
void ZeroWeights(const GruDescription& description,
                 const KerasGradients& gradients);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_WEIGHT_LAYOUT_H_
