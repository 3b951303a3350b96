#ifndef CUDNN_GRU_CUDNN_TAPE_H_
#define CUDNN_GRU_CUDNN_TAPE_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "core/gru_problem.h"
#include "cudnn/device.h"
#include "cudnn/lane.h"
#include "cudnn/schedule.h"
#include "cudnn/weights.h"

namespace cudnn_gru {

// The tensors of a forward call on the device that backward reads again: one
// block, and the place of each in it.
struct KeptTensors {
  struct Reserve {
    size_t at;
    size_t bytes;
  };

  char* at(size_t offset) const { return buffer.data() + offset; }

  DeviceBuffer buffer;
  size_t x = 0;
  size_t hx = 0;  // of the first chunk; not there without an initial state
  size_t y = 0;
  size_t hy = 0;                  // of every chunk
  std::vector<Reserve> reserves;  // of every chunk, in training
};

// Everything backward needs of a forward call, whatever happens to the layer.
struct CudnnTape {
  CudnnTape(Device& owner, std::shared_ptr<CudnnWeights> used)
      : device(owner), weights(std::move(used)) {}

  size_t bytes() const { return kept.buffer.bytes(); }

  Device& device;
  const std::shared_ptr<CudnnWeights> weights;  // keeps the device in use
  GruCall call;  // its sizes and flags; no pointers
  bool has_initial_state = false;
  bool allow_tf32 = false;
  Schedule schedule;
  KeptTensors kept;
  // Whether backward has touched the reserves: cuDNN leaves other contents
  // there, from which a second one would silently compute wrong gradients.
  bool spent = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_TAPE_H_
