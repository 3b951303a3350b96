#include "model/divided_instruction.h"

#include <algorithm>
#include <atomic>
#include <functional>

#include "core/thread_pool.h"
#include "core/workspace.h"

namespace cudnn_gru {
namespace {

bool IsCancelled(const Frame& frame) {
  return frame.options.cancellation != nullptr &&
         frame.options.cancellation->requested();
}

}  // namespace

Status DividedInstruction::Run(const Frame& frame) const {
  const size_t parts = Parts(frame);
  const int threads = static_cast<int>(
      std::min(static_cast<size_t>(std::max(frame.options.threads, 1)), parts));
  if (threads > 1 &&
      facts().work * static_cast<double>(frame.rows) >= kMinParallelWork) {
    return RunOnThreads(frame, parts, threads);
  }
  for (size_t part = 0; part < parts; ++part) {
    if (IsCancelled(frame)) return Aborted();
    RunPart(frame, part);
  }
  return Status();
}

Status DividedInstruction::RunOnThreads(const Frame& frame, size_t parts,
                                        int threads) const {
  BumpAllocator measure(nullptr);
  for (int i = 1; i < threads; ++i) measure.Take<char>(facts().scratch_bytes);
  const Workspace workspace(measure.used());
  if (workspace.data() == nullptr) {
    return OutOfMemory(measure.used(), "scratch memory for the call");
  }
  std::atomic<size_t> next{0};
  const auto body = [&](int index) {
    Frame own = frame;
    own.options.threads = 1;
    if (index > 0) {
      BumpAllocator allocator(workspace.data());
      for (int i = 1; i <= index; ++i) {
        own.scratch = allocator.Take<char>(facts().scratch_bytes);
      }
    }
    for (size_t part = next++; part < parts; part = next++) {
      if (IsCancelled(frame)) return;
      RunPart(own, part);
    }
  };
  // The closure is passed by reference, because a copy would be allocated.
  if (!ThreadPool::Get().TryRunWithHelp(threads, std::cref(body))) body(0);
  return IsCancelled(frame) ? Aborted() : Status();
}

}  // namespace cudnn_gru
