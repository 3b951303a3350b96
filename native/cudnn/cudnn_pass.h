#ifndef CUDNN_GRU_CUDNN_CUDNN_PASS_H_
#define CUDNN_GRU_CUDNN_CUDNN_PASS_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/gru_backend.h"
#include "core/gru_call.h"
#include "core/gru_pass.h"
#include "cudnn/call_stream.h"
#include "cudnn/chunking.h"
#include "cudnn/device.h"
#include "cudnn/launch_graphs.h"
#include "cudnn/weights.h"

namespace cudnn_gru {

// The tensors of a forward call that stay on the device because backward reads
// them again: one block of memory, and the offset of each tensor in it.
struct KeptTensors {
  struct Reserve {
    size_t offset;
    size_t bytes;
  };

  char* address(size_t offset) const { return buffer.data() + offset; }

  DeviceBuffer buffer;
  size_t x = 0;
  size_t hx = 0;  // of the first chunk; has no bytes without an initial state
  size_t y = 0;
  size_t hy = 0;                  // of all chunks
  std::vector<Reserve> reserves;  // of each chunk; empty after inference
};

// Everything that backward needs of a forward call.
struct KeptForward {
  KeptForward(Device& owner, std::shared_ptr<CudnnWeights> used_weights)
      : device(owner), weights(std::move(used_weights)) {}

  Device& device;
  const std::shared_ptr<CudnnWeights> weights;  // keeps the device in use
  bool has_initial_states = false;
  Tf32 tf32 = Tf32::kForbidden;
  GraphTrial* trial = nullptr;  // outside of trials of CUDA graphs
  Chunking chunking;
  KeptTensors tensors;
  // Whether backward has used the reserve spaces. cuDNN overwrites them, so a
  // second backward would silently compute wrong gradients.
  bool used = false;
};

// Everything that one GRU's forward call kept, on the device.
class CudnnPass : public GruPass {
 public:
  CudnnPass(Device& owner, std::shared_ptr<CudnnWeights> used_weights)
      : kept(owner, std::move(used_weights)) {}

  const GruDescription& description() const override {
    return kept.weights->description();
  }
  const GruCall& call() const override { return sizes; }
  size_t bytes() const override { return kept.tensors.buffer.bytes(); }
  bool spent() const override { return kept.used; }
  // Fails with kState when the pass is spent, which it is after the first call
  // that has reached cuDNN, and with the errors of ForwardOnCudnn. A failed
  // call writes nothing. The number of threads does not change the gradients.
  Status Backward(const GruGradients& gradients, int threads,
                  const Cancellation* cancellation) override;

  using GruPass::Spent;

  KeptForward kept;
  GruCall sizes;  // sizes and flags of the call, with all pointers null
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CUDNN_PASS_H_
