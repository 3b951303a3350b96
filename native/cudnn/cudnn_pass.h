#ifndef CUDNN_GRU_CUDNN_CUDNN_PASS_H_
#define CUDNN_GRU_CUDNN_CUDNN_PASS_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/gru_call.h"
#include "core/gru_pass.h"
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

// Everything backward needs of a forward call, on the device.
class CudnnPass : public GruPass {
 public:
  CudnnPass(Device& owner, std::shared_ptr<CudnnWeights> used_weights)
      : device(owner), weights(std::move(used_weights)) {}

  const GruDescription& description() const override {
    return weights->description();
  }
  const GruCall& call() const override { return sizes; }
  size_t bytes() const override { return kept.buffer.bytes(); }
  bool spent() const override { return used; }
  // Threads do not matter.
  Status Backward(const GruGradients& gradients, int threads,
                  const Cancellation* cancellation) override;

  using GruPass::Spent;

  Device& device;
  const std::shared_ptr<CudnnWeights> weights;  // keeps the device in use
  GruCall sizes;  // the call's sizes and flags; no pointers
  bool has_initial_state = false;
  bool allow_tf32 = false;
  Schedule schedule;
  KeptTensors kept;
  // Whether backward has touched the reserves: cuDNN leaves other contents
  // there, from which a second one would silently compute wrong gradients.
  bool used = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CUDNN_PASS_H_
