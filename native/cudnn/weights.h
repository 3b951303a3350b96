#ifndef CUDNN_GRU_CUDNN_WEIGHTS_H_
#define CUDNN_GRU_CUDNN_WEIGHTS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/device.h"
#include "cudnn/lane.h"
#include "cudnn/weight_layout.h"

namespace cudnn_gru {

// What all versions of one layer's weights share: the device, which counts as
// in use from the first upload on, and the places in cuDNN's weight space.
class CudnnLayer {
 public:
  CudnnLayer(const GruDescription& description, size_t device)
      : description_(description), device_index_(device) {}
  CudnnLayer(const CudnnLayer&) = delete;
  CudnnLayer& operator=(const CudnnLayer&) = delete;

  const GruDescription& description() const { return description_; }
  size_t device_index() const { return device_index_; }

  // Takes memory for one version and says where its parts are. Needs the
  // context of that device, which is the lane's.
  Status Allocate(Lane& lane, DeviceBuffer* space, WeightLayout* layout);

 private:
  const GruDescription description_;
  const size_t device_index_;
  std::mutex mutex_;
  std::optional<DeviceUse> use_;
  std::optional<WeightLayout> layout_;
};

// One version of a layer's weights as cuDNN reads them. Calls in flight and
// passes share it; a new version is a new object.
class CudnnWeights {
 public:
  // Writes Keras's kernel (F, 3U), recurrent kernel (U, 3U) and bias (2, 3U),
  // of description.dtype.
  using Reader =
      std::function<void(void* kernel, void* recurrent_kernel, void* bias)>;

  CudnnWeights(std::shared_ptr<CudnnLayer> layer, Reader reader)
      : layer_(std::move(layer)), reader_(std::move(reader)) {}
  CudnnWeights(const CudnnWeights&) = delete;
  CudnnWeights& operator=(const CudnnWeights&) = delete;

  const GruDescription& description() const { return layer_->description(); }
  size_t device_index() const { return layer_->device_index(); }

  // Uploads at the first call, packed by at most `threads` threads; does
  // nothing after that. Needs the context of that device, which is the lane's.
  Status Upload(Lane& lane, int threads);
  // After Upload.
  const WeightLayout& layout() const { return resident_->layout; }
  const char* data() const { return resident_->buffer.data(); }

 private:
  struct Resident {
    DeviceBuffer buffer;
    WeightLayout layout;
  };

  Status Fill(Lane& lane, int threads, Resident* resident) const;

  const std::shared_ptr<CudnnLayer> layer_;  // goes after the buffer
  std::mutex mutex_;
  Reader reader_;  // null once the weights are on the device
  std::unique_ptr<const Resident> resident_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_WEIGHTS_H_
