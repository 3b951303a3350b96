#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_RNN_LAYERS_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_RNN_LAYERS_H_

#include <cstddef>
#include <vector>

#include "cudnn/reference_gru.h"

// Layers of GRUs on top of each other, each with one direction or two, as
// cuDNN's documentation describes them. The backward direction begins at the
// end of each row. Each layer reads both directions of the layer below side by
// side. Tensors by pseudo-layer have the forward direction of the first layer
// first, then its backward direction, and so on.
namespace doubles {

struct RnnProblem {
  GruProblem gru;  // of the first layer
  size_t layers;
  size_t directions;

  size_t pseudo_layers() const { return layers * directions; }
  // The GRU of a layer.
  GruProblem LayerProblem(size_t layer) const;
};

// What forward leaves for backward.
struct SavedLayers {
  // By pseudo-layer, (batch, steps, 4, units), in the order in which the
  // direction computes its steps.
  std::vector<std::vector<double>> gates;
  // Of each layer but the last, (batch, steps, directions, units).
  std::vector<std::vector<double>> outputs;
};

// `weights` are by pseudo-layer, and so are the states (pseudo-layers, batch,
// units). `y` is the output of the last layer.
void RnnForward(const RnnProblem& problem,
                const std::vector<GruWeights>& weights,
                const std::vector<double>& x, const std::vector<double>& hx,
                std::vector<double>* y, std::vector<double>* hy,
                SavedLayers* saved);

// Replaces the gates by their derivatives, as GruBackwardData does.
void RnnBackwardData(const RnnProblem& problem,
                     const std::vector<GruWeights>& weights,
                     const std::vector<double>& y,
                     const std::vector<double>& hx,
                     const std::vector<double>& dy,
                     const std::vector<double>& dhy, SavedLayers* saved,
                     std::vector<double>* dx, std::vector<double>* dhx);

// `saved` as RnnBackwardData left it.
std::vector<GruWeights> RnnBackwardWeights(const RnnProblem& problem,
                                           const SavedLayers& saved,
                                           const std::vector<double>& x,
                                           const std::vector<double>& hx,
                                           const std::vector<double>& y);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_RNN_LAYERS_H_
