#ifndef CUDNN_GRU_CUDNN_RNN_SHAPE_H_
#define CUDNN_GRU_CUDNN_RNN_SHAPE_H_

#include <cstddef>

#include "core/gru_description.h"

namespace cudnn_gru {

// The GRUs that one cuDNN call computes: layers of equal units, each of which
// reads the whole output of the layer before it, with one direction or two. A
// single GRU is one layer with one direction. cuDNN calls one direction of one
// layer a pseudo-layer, and counts pseudo-layers layer by layer, the forward
// direction first.
struct RnnShape {
  explicit RnnShape(const GruDescription& gru) : first(gru) {}
  RnnShape(const GruDescription& gru, size_t layer_count,
           size_t direction_count)
      : first(gru), layers(layer_count), directions(direction_count) {}

  size_t pseudo_layers() const { return layers * directions; }
  // Returns the number of elements of one step of the output.
  size_t output_width() const { return directions * first.units; }
  GruDescription DescriptionOf(size_t pseudo_layer) const {
    GruDescription description = first;
    if (pseudo_layer >= directions) description.features = output_width();
    return description;
  }

  GruDescription first;  // of the first layer's GRUs
  size_t layers = 1;
  size_t directions = 1;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_RNN_SHAPE_H_
