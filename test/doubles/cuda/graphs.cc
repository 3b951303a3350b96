#include "cuda/graphs.h"

#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "cuda/driver.h"
#include "cuda/memory.h"
#include "cuda/streams.h"
#include "support/control.h"

// The double of libcuda.so.1: stream capture and graphs.
namespace doubles {
namespace {

struct Capture {
  std::thread::id thread;
  std::vector<Work> work;
};

struct Exec {
  std::vector<Work> work;
  void* context;
  uint64_t memory;  // a block of the device's, or 0
};

struct World {
  std::map<void*, Capture> captures;  // by stream
  std::map<void*, std::unique_ptr<std::vector<Work>>> graphs;
  std::map<void*, std::unique_ptr<Exec>> execs;
};

World& Get() {
  static World* world = new World;
  return *world;
}

const char* const kAllowed[] = {"cuStreamEndCapture", "cuMemsetD8Async",
                                "cuMemcpyDtoDAsync_v2"};

Exec& FindExec(const char* function, void* exec) {
  const auto found = Get().execs.find(exec);
  if (found == Get().execs.end())
    Violation(function, "the executable graph is not a living one");
  return *found->second;
}

}  // namespace

void CheckCapture(const char* function) {
  for (const auto& [stream, capture] : Get().captures) {
    if (capture.thread != std::this_thread::get_id()) continue;
    for (const char* allowed : kAllowed)
      if (std::strcmp(function, allowed) == 0) return;
    Violation(function, "the calling thread captures a stream");
  }
}

void CheckCapturer(const char* function, void* stream) {
  const auto found = Get().captures.find(stream);
  if (found != Get().captures.end() &&
      found->second.thread != std::this_thread::get_id())
    Violation(function, "another thread captures the stream");
}

bool Record(void* stream, const Work& work) {
  const auto found = Get().captures.find(stream);
  if (found == Get().captures.end()) return false;
  found->second.work.push_back(work);
  return true;
}

}  // namespace doubles

using doubles::Count;
using doubles::Enter;
using doubles::Violation;

DOUBLE_EXPORT CUresult cuStreamBeginCapture_v2(CUstream stream,
                                               CUstreamCaptureMode mode) {
  DRIVER_ENTER_CONTEXT();
  doubles::CheckStream(__func__, stream, context);
  if (stream == nullptr) Violation(__func__, "the legacy stream is captured");
  // In the global mode, calls of other threads would fail meanwhile.
  if (mode != CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
    Violation(__func__, "the mode is not the one of the calling thread alone");
  doubles::Get().captures[stream].thread = std::this_thread::get_id();
  return CUDA_SUCCESS;
}

// A fault that is injected here ends the capture all the same, as an
// invalidated capture does.
DOUBLE_EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  std::lock_guard<std::recursive_mutex> lock(doubles::DriverLock());
  const int fault = Enter(__func__);
  const auto found = doubles::Get().captures.find(stream);
  if (found == doubles::Get().captures.end())
    Violation(__func__, "nobody captures the stream");
  if (found->second.thread != std::this_thread::get_id())
    Violation(__func__, "another thread began the capture");
  auto made = std::make_unique<std::vector<doubles::Work>>(found->second.work);
  doubles::Get().captures.erase(found);
  *graph = nullptr;
  if (fault != 0) return static_cast<CUresult>(fault);
  void* const key = made.get();
  doubles::Get().graphs.emplace(key, std::move(made));
  Count("live.graphs", 1);
  *graph = static_cast<CUgraph>(key);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec* exec,
                                                   CUgraph graph,
                                                   unsigned long long flags) {
  DRIVER_ENTER_CONTEXT();
  const auto found = doubles::Get().graphs.find(graph);
  if (found == doubles::Get().graphs.end())
    Violation(__func__, "the graph is not a living one");
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  const auto bytes = static_cast<size_t>(doubles::Option("graph_memory", 0));
  auto made = std::make_unique<doubles::Exec>(doubles::Exec{
      *found->second, context,
      bytes == 0 ? 0 : doubles::AllocateDevice(__func__, bytes, context)});
  if (bytes != 0 && made->memory == 0) return CUDA_ERROR_OUT_OF_MEMORY;
  void* const key = made.get();
  doubles::Get().execs.emplace(key, std::move(made));
  Count("live.graph_execs", 1);
  *exec = static_cast<CUgraphExec>(key);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  DRIVER_ENTER_CONTEXT();
  doubles::CheckStream(__func__, stream, context);
  doubles::Exec& found = doubles::FindExec(__func__, exec);
  if (found.context != context)
    Violation(__func__, "the graph belongs to another context");
  for (const doubles::Work& work : found.work)
    doubles::Enqueue(stream, context, work);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuGraphExecDestroy(CUgraphExec exec) {
  DRIVER_ENTER_CONTEXT();
  const doubles::Exec& found = doubles::FindExec(__func__, exec);
  // The real driver also waits for a graph that is still running.
  doubles::DrainAll(context);
  if (found.memory != 0) doubles::FreeDevice(__func__, found.memory, context);
  doubles::Get().execs.erase(exec);
  Count("live.graph_execs", -1);
  return CUDA_SUCCESS;
}

DOUBLE_EXPORT CUresult cuGraphDestroy(CUgraph graph) {
  DRIVER_ENTER_CONTEXT();
  if (doubles::Get().graphs.erase(graph) == 0)
    Violation(__func__, "the graph is not a living one");
  Count("live.graphs", -1);
  return CUDA_SUCCESS;
}
