#ifndef CUDNN_GRU_CUDNN_LAUNCH_GRAPHS_H_
#define CUDNN_GRU_CUDNN_LAUNCH_GRAPHS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/status.h"
#include "cudnn/device.h"

namespace cudnn_gru {

// A trial of CUDA graphs. Its calls are captured the second time, and a failure
// of a capture or replay is the call's failure.
struct GraphTrial {
  int replays = 0;  // how many steps were replayed
};

// A CUDA graph: work that was captured from a stream, and that one call of the
// driver puts into a stream again.
class CudaGraph {
 public:
  explicit CudaGraph(const Device& device) : device_(device) {}
  ~CudaGraph();
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  // Whether the driver has graphs.
  static bool Supported(const CudaDriver& driver);

  // Captures the work that `launch` queues on the stream. Nothing runs. After a
  // failure the stream is as it was.
  Status Capture(abi::CUstream stream, const std::function<Status()>& launch);
  Status Launch(abi::CUstream stream) const;

 private:
  const Device& device_;
  abi::CUgraphExec exec_ = nullptr;
};

// The CUDA graphs of one step of the calls with one descriptor set. cuDNN's
// standard algorithm launches some kernels for every timestep, which often
// takes the host longer than it takes the device to run them. A graph launches
// them all at once. It holds every address that the kernels use, so a call
// replays it only when its addresses are the same, which they are in steady
// operation, because the memory pool lends the same blocks again.
class LaunchGraphs {
 public:
  // Every address that a step uses, in an order of its own. Null where a step
  // has fewer.
  using Addresses = std::array<const void*, 12>;

  // Puts the work that `launch` queues into the stream: by calling it, or by
  // replaying what it queued earlier with the same addresses. When a capture
  // fails, the step is only launched plainly from then on. `trial` may be null.
  // Sets `replayed`.
  Status Run(Device& device, abi::CUstream stream, const Addresses& addresses,
             GraphTrial* trial, const std::function<Status()>& launch,
             bool* replayed);
  // Destroys all graphs. The device must have finished with them.
  void Clear();
  // Returns the number of graphs.
  size_t count() const;

 private:
  // One set of addresses that the step was called with.
  struct Known {
    Addresses addresses;
    // The number of blocks that the device's memory pool had freed. An address
    // may mean other memory once its block was freed.
    uint64_t frees;
    int plain_runs;
    std::unique_ptr<CudaGraph> graph;
  };

  Known* Find(const Addresses& addresses, uint64_t frees);

  std::vector<Known> known_;  // last used last
  bool refused_ = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_LAUNCH_GRAPHS_H_
