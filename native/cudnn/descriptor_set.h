#ifndef CUDNN_GRU_CUDNN_DESCRIPTOR_SET_H_
#define CUDNN_GRU_CUDNN_DESCRIPTOR_SET_H_

#include <cstddef>
#include <vector>

#include "core/status.h"
#include "cudnn/algorithm.h"
#include "cudnn/chunking.h"
#include "cudnn/cudnn_descriptor.h"
#include "cudnn/device.h"
#include "cudnn/launch_graphs.h"
#include "cudnn/rnn_settings.h"

namespace cudnn_gru {

// The two parts of cuDNN's work that are launched apart: a forward call, and
// the two calls of backward.
enum class LaunchStep { kForward, kBackward };

// All descriptors that cuDNN needs to compute chunks of one shape, and the
// sizes of the spaces that it asks for. Only one thread at a time may use a
// set, with the cuDNN handle that it was made with.
class DescriptorSet {
 public:
  struct Key {
    bool operator==(const Key& other) const;

    RnnSettings settings;
    Algorithm algorithm;
    int batch;
    int timesteps;
    abi::cudnnForwardMode_t mode;
  };

  explicit DescriptorSet(const Key& key) : key_(key) {}

  Status Make(const Device& device);
  // Sets the number of steps of each row. The descriptors and sizes are then
  // valid for these lengths only. Fails with Remedy::kAnotherWay when the
  // algorithm does not support such a call.
  Status SetLengths(const Device& device, abi::cudnnHandle_t handle,
                    const int* lengths);
  bool HasLengths(const int* lengths) const;

  const Key& key() const { return key_; }
  abi::cudnnRNNDescriptor_t rnn() const { return rnn_.get(); }
  abi::cudnnRNNDataDescriptor_t x() const { return x_.get(); }
  abi::cudnnRNNDataDescriptor_t y() const { return y_.get(); }
  abi::cudnnTensorDescriptor_t h() const { return h_.get(); }
  size_t workspace_bytes() const { return workspace_bytes_; }
  // Only training has a reserve space: the size is 0 in inference.
  size_t reserve_bytes() const { return reserve_bytes_; }

  // The CUDA graphs of a step, for the lengths that are set.
  LaunchGraphs& graphs(LaunchStep step) {
    return step == LaunchStep::kForward ? forward_graphs_ : backward_graphs_;
  }
  void ClearGraphs();
  // Returns a measure of what one graph holds: the number of timesteps of all
  // pseudo-layers together. The graph has two or three kernels for each.
  size_t graph_size() const;
  // Returns the same for all graphs of this set together.
  size_t graph_sizes() const;

  // Whether a chunk of the call in progress uses this set, so that its lengths
  // must not change.
  bool in_use = false;

 private:
  const Key key_;
  RnnDescriptor rnn_;
  RnnDataDescriptor x_;
  RnnDataDescriptor y_;
  TensorDescriptor h_;
  std::vector<int> lengths_;  // empty until SetLengths succeeds
  size_t workspace_bytes_ = 0;
  size_t reserve_bytes_ = 0;
  LaunchGraphs forward_graphs_;
  LaunchGraphs backward_graphs_;
};

// Returns the class of calls that a chunk belongs to (algorithm.h).
CallClass ClassOf(const RnnSettings& settings, const Chunk& chunk,
                  abi::cudnnForwardMode_t mode);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_DESCRIPTOR_SET_H_
