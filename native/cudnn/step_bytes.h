#ifndef CUDNN_GRU_CUDNN_STEP_BYTES_H_
#define CUDNN_GRU_CUDNN_STEP_BYTES_H_

#include <cstddef>

#include "cudnn/element_format.h"
#include "cudnn/rnn_shape.h"

namespace cudnn_gru {

// The sizes of the rows of a call's tensors on the device.
struct StepBytes {
  explicit StepBytes(const RnnShape& shape)
      : StepBytes(shape, ElementFormat(shape.first).device_bytes()) {}

  const size_t features;  // of one step of the inputs
  const size_t outputs;   // of one step of the output
  const size_t states;    // of the states of one row

 private:
  StepBytes(const RnnShape& shape, size_t element)
      : features(shape.first.features * element),
        outputs(shape.output_width() * element),
        states(shape.pseudo_layers() * shape.first.units * element) {}
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STEP_BYTES_H_
