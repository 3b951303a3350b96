#ifndef CUDNN_GRU_CUDNN_WEIGHTS_H_
#define CUDNN_GRU_CUDNN_WEIGHTS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>

#include "core/gru_problem.h"
#include "core/status.h"
#include "cudnn/device.h"
#include "cudnn/lane.h"
#include "cudnn/weight_layout.h"

namespace cudnn_gru {

// One version of a layer's weights as cuDNN reads them, on one device. Calls in
// flight and tapes share it; a new version is a new object.
class CudnnWeights {
 public:
  // Writes Keras's kernel (F, 3U), recurrent kernel (U, 3U) and bias (2, 3U),
  // of description.dtype.
  using Reader =
      std::function<void(void* kernel, void* recurrent_kernel, void* bias)>;

  CudnnWeights(const GruDescription& description, size_t device, Reader reader)
      : description_(description),
        device_index_(device),
        reader_(std::move(reader)) {}
  CudnnWeights(const CudnnWeights&) = delete;
  CudnnWeights& operator=(const CudnnWeights&) = delete;

  const GruDescription& description() const { return description_; }
  size_t device_index() const { return device_index_; }

  // Uploads at the first call; does nothing after that. Needs the context of
  // that device, which is the lane's.
  Status Upload(Lane& lane);
  // After Upload.
  const WeightLayout& layout() const { return resident_->layout; }
  const char* data() const { return resident_->buffer.data(); }

 private:
  struct Resident {
    explicit Resident(Device& device) : use(device) {}

    DeviceUse use;  // ends after the buffer
    DeviceBuffer buffer;
    WeightLayout layout;
  };

  Status Fill(Lane& lane, Resident* resident) const;

  const GruDescription description_;
  const size_t device_index_;
  const Reader reader_;
  std::mutex mutex_;
  std::unique_ptr<const Resident> resident_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_WEIGHTS_H_
