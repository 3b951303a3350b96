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
  // `reader` copies the weights for the device at the first call, and again for
  // each stack of layers that computes with them.
  CudnnBackend(std::shared_ptr<CudnnLayer> layer, WeightReader reader)
      : reader_(std::move(reader)),
        weights_(std::make_shared<CudnnWeights>(std::move(layer), reader_)) {}

  const char* name() const override { return "cudnn"; }
  const GruDescription& description() const override {
    return weights_->description();
  }
  const WeightReader& reader() const { return reader_; }
  size_t device_index() const { return weights_->device_index(); }
  // The weights are on the device, whose memory the memory pool counts.
  size_t bytes() const override { return 0; }
  Status Forward(const GruCall& call,
                 const ComputeOptions& options) const override;
  Status ForwardKeepingPass(const GruCall& call, const ComputeOptions& options,
                            std::unique_ptr<GruPass>* pass) const override;
  StackRunnerMaker stack_runner_maker() const override;

 private:
  const WeightReader reader_;
  const std::shared_ptr<CudnnWeights> weights_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CUDNN_BACKEND_H_
