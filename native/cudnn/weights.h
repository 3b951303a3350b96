#ifndef CUDNN_GRU_CUDNN_WEIGHTS_H_
#define CUDNN_GRU_CUDNN_WEIGHTS_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/gru_backend.h"
#include "core/status.h"
#include "cudnn/call_stream.h"
#include "cudnn/device.h"
#include "cudnn/rnn_shape.h"
#include "cudnn/weight_layout.h"

namespace cudnn_gru {

// The parts that all versions of the weights share, of one GRU or of the GRUs
// that one call computes: the device, which counts as in use from the first
// upload on, and the layout of cuDNN's weight space.
class CudnnLayer {
 public:
  CudnnLayer(const GruDescription& description, size_t device)
      : CudnnLayer(RnnShape(description), device) {}
  CudnnLayer(const RnnShape& shape, size_t device)
      : shape_(shape), device_index_(device) {}
  CudnnLayer(const CudnnLayer&) = delete;
  CudnnLayer& operator=(const CudnnLayer&) = delete;

  const RnnShape& shape() const { return shape_; }
  size_t device_index() const { return device_index_; }

  // Allocates memory for one version of the weights and returns its layout. The
  // stream must be one of the layer's device, whose context must be current.
  Status Allocate(CallStream& stream, DeviceBuffer* space,
                  WeightLayout* layout);

 private:
  const RnnShape shape_;
  const size_t device_index_;
  std::mutex mutex_;
  std::optional<DeviceUse> use_;
  std::optional<WeightLayout> layout_;
};

// One version of the weights, in the form that cuDNN reads. Calls in flight and
// passes share it. A new version is a new object.
class CudnnWeights {
 public:
  CudnnWeights(std::shared_ptr<CudnnLayer> layer, WeightReader reader)
      : CudnnWeights(std::move(layer),
                     std::vector<WeightReader>{std::move(reader)}) {}
  // `readers` has one for each pseudo-layer.
  CudnnWeights(std::shared_ptr<CudnnLayer> layer,
               std::vector<WeightReader> readers)
      : layer_(std::move(layer)), readers_(std::move(readers)) {}
  CudnnWeights(const CudnnWeights&) = delete;
  CudnnWeights& operator=(const CudnnWeights&) = delete;

  const RnnShape& shape() const { return layer_->shape(); }
  // Returns the description of the first layer's GRUs.
  const GruDescription& description() const { return shape().first; }
  size_t device_index() const { return layer_->device_index(); }

  // Packs the weights on at most `threads` threads and uploads them. Does
  // nothing when they are on the device already. The stream must be one of the
  // layer's device, whose context must be current.
  Status Upload(CallStream& stream, int threads);
  // May be called after Upload has succeeded.
  const WeightLayout& layout() const { return resident_->layout; }
  const char* data() const { return resident_->buffer.data(); }

 private:
  struct Resident {
    DeviceBuffer buffer;
    WeightLayout layout;
  };

  Status Fill(CallStream& stream, int threads, Resident* resident) const;

  const std::shared_ptr<CudnnLayer> layer_;  // outlives the buffer below
  std::mutex mutex_;
  std::vector<WeightReader>
      readers_;  // empty after the weights are on the device
  std::unique_ptr<const Resident> resident_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_WEIGHTS_H_
