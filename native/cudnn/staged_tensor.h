#ifndef CUDNN_GRU_CUDNN_STAGED_TENSOR_H_
#define CUDNN_GRU_CUDNN_STAGED_TENSOR_H_

#include <cstddef>

namespace cudnn_gru {

// Where a tensor of a call lies in the call's block of device memory and in its
// block of pinned host memory, through which it is copied.
struct StagedTensor {
  size_t bytes = 0;  // on the device
  size_t device_offset = 0;
  size_t staging_offset = 0;
};

// Hands out places in one block, each aligned as cuMemAlloc aligns.
class PlaceAllocator {
 public:
  // Returns the offset of a new place.
  size_t Take(size_t bytes) {
    constexpr size_t kAlignment = 256;
    const size_t offset = used_;
    used_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return offset;
  }
  // Returns the size that the block must have.
  size_t used() const { return used_; }

 private:
  size_t used_ = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STAGED_TENSOR_H_
