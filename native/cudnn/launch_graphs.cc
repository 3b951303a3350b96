#include "cudnn/launch_graphs.h"

#include <algorithm>

#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

// How often a step is launched plainly before it is captured. Capturing costs
// about as much as three calls, so it would not pay for a step that is called
// once or twice.
constexpr int kPlainRuns = 2;

// How many sets of addresses are known. Training with new weights in each step
// alternates between a few.
constexpr size_t kMostKnown = 4;

}  // namespace

bool CudaGraph::Supported(const CudaDriver& driver) {
  return driver.cuStreamBeginCapture_v2 != nullptr &&
         driver.cuStreamEndCapture != nullptr &&
         driver.cuGraphInstantiateWithFlags != nullptr &&
         driver.cuGraphLaunch != nullptr &&
         driver.cuGraphExecDestroy != nullptr &&
         driver.cuGraphDestroy != nullptr;
}

CudaGraph::~CudaGraph() {
  // An error is ignored because nothing can be done about it.
  if (exec_ != nullptr) device_.driver().cuGraphExecDestroy(exec_);
}

Status CudaGraph::Capture(abi::CUstream stream,
                          const std::function<Status()>& launch) {
  const CudaDriver& driver = device_.driver();
  // Only this thread is kept from calls that a capture does not allow, such as
  // allocating memory. Other threads go on.
  CUDNN_GRU_RETURN_IF_ERROR(
      device_.Check(driver.cuStreamBeginCapture_v2(
                        stream, abi::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                    "cuStreamBeginCapture"));
  const Status launched = launch();
  abi::CUgraph graph = nullptr;
  // The capture has to be ended after a failure too.
  Status status = device_.Check(driver.cuStreamEndCapture(stream, &graph),
                                "cuStreamEndCapture");
  if (!launched.ok()) status = launched;
  if (status.ok()) {
    status = device_.Check(driver.cuGraphInstantiateWithFlags(&exec_, graph, 0),
                           "cuGraphInstantiate");
    if (!status.ok()) exec_ = nullptr;
  }
  if (graph != nullptr) driver.cuGraphDestroy(graph);
  return status;
}

Status CudaGraph::Launch(abi::CUstream stream) const {
  return device_.Check(device_.driver().cuGraphLaunch(exec_, stream),
                       "cuGraphLaunch");
}

void LaunchGraphs::Clear() { known_.clear(); }

size_t LaunchGraphs::count() const {
  return static_cast<size_t>(
      std::count_if(known_.begin(), known_.end(),
                    [](const Known& each) { return each.graph != nullptr; }));
}

// Moves the entry to the end, since it is now the last used.
LaunchGraphs::Known* LaunchGraphs::Find(const Addresses& addresses,
                                        uint64_t frees) {
  known_.erase(
      std::remove_if(known_.begin(), known_.end(),
                     [&](const Known& each) { return each.frees != frees; }),
      known_.end());
  const auto found = std::find_if(
      known_.begin(), known_.end(),
      [&](const Known& each) { return each.addresses == addresses; });
  if (found != known_.end()) {
    std::rotate(found, found + 1, known_.end());
  } else {
    if (known_.size() == kMostKnown) known_.erase(known_.begin());
    known_.push_back({addresses, frees, 0, nullptr});
  }
  return &known_.back();
}

Status LaunchGraphs::Run(Device& device, abi::CUstream stream,
                         const Addresses& addresses, GraphTrial* trial,
                         const std::function<Status()>& launch,
                         bool* replayed) {
  *replayed = false;
  if (refused_ || !CudaGraph::Supported(device.driver())) return launch();
  Known* const known =
      Find(addresses, device.memory(MemoryKind::kDevice).frees());
  if (known->graph == nullptr &&
      known->plain_runs < (trial == nullptr ? kPlainRuns : 1)) {
    ++known->plain_runs;
    return launch();
  }
  Status status;
  if (known->graph == nullptr) {
    known->graph = std::make_unique<CudaGraph>(device);
    status = known->graph->Capture(stream, launch);
    refused_ = !status.ok();
  }
  if (status.ok()) status = known->graph->Launch(stream);
  if (status.ok()) {
    *replayed = true;
    if (trial != nullptr) ++trial->replays;
    return status;
  }
  // Nothing was launched.
  known->graph = nullptr;
  known->plain_runs = 0;
  return trial == nullptr ? launch() : status;
}

}  // namespace cudnn_gru
