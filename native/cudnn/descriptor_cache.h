#ifndef CUDNN_GRU_CUDNN_DESCRIPTOR_CACHE_H_
#define CUDNN_GRU_CUDNN_DESCRIPTOR_CACHE_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "core/status.h"
#include "cudnn/descriptor_set.h"
#include "cudnn/device.h"

namespace cudnn_gru {

// The largest graph that is made, and the most that all graphs of one cuDNN
// handle may hold together (DescriptorSet::graph_size). A timestep takes up to
// about 13 kB of device memory on an H200.
constexpr size_t kLargestGraph = 4096;
constexpr size_t kMostInGraphs = 8192;

// Keeps the descriptor sets of one cuDNN handle from call to call. Between
// calls it holds at most a fixed number of sets. The set that has been unused
// for longest makes room for a new one, and its graphs for new graphs.
class DescriptorCache {
 public:
  // Returns the set for `key` with `lengths` set. The set keeps these lengths
  // until EndCall.
  Status Find(const Device& device, abi::cudnnHandle_t handle,
              const DescriptorSet::Key& key, const int* lengths,
              DescriptorSet** found);
  // Says that the device has finished the call in progress.
  void EndCall();
  void Clear() { sets_.clear(); }

 private:
  DescriptorSet* Reuse(const DescriptorSet::Key& key, const int* lengths);
  void MakeRoom(size_t most);
  void LimitGraphs();

  std::vector<std::unique_ptr<DescriptorSet>> sets_;  // last used last
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_DESCRIPTOR_CACHE_H_
