#ifndef CUDNN_GRU_CUDNN_CUDNN_BACKEND_H_
#define CUDNN_GRU_CUDNN_CUDNN_BACKEND_H_

#include <memory>
#include <utility>

#include "core/gru_backend.h"
#include "cudnn/weights.h"

namespace cudnn_gru {

// Computes on the layer's CUDA device with cuDNN. Accepts the calls that have a
// cuDNN form (see ForwardOnCudnn).
class CudnnBackend : public GruBackend {
 public:
  // `reader` copies the weights for the device at the first call.
  CudnnBackend(std::shared_ptr<CudnnLayer> layer, CudnnWeights::Reader reader)
      : weights_(std::make_shared<CudnnWeights>(std::move(layer),
                                                std::move(reader))) {}

  const char* name() const override { return "cudnn"; }
  const GruDescription& description() const override {
    return weights_->description();
  }
  // The weights are on the device, whose memory the memory pool counts.
  size_t bytes() const override { return 0; }
  Status Forward(const GruCall& call,
                 const ComputeOptions& options) const override;
  Status ForwardKeepingPass(const GruCall& call, const ComputeOptions& options,
                            std::unique_ptr<GruPass>* pass) const override;

 private:
  const std::shared_ptr<CudnnWeights> weights_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CUDNN_BACKEND_H_
