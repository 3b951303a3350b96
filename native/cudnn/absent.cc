// Where there is no cuDNN path, native/addon finds this file in place of the
// room: on macOS, on Windows, and in the binaries for musl, for which NVIDIA
// has no driver. A path on another system would be other files in place of this
// one and of libraries_linux.cc.

#include "cudnn/backend_maker.h"
#include "cudnn/cuda_info.h"
#include "cudnn/memory_pool.h"
#include "cudnn/runtime.h"
#include "cudnn/stage_clock.h"

namespace cudnn_gru {
namespace {

constexpr char kReason[] =
    "The cuDNN path exists on Linux with glibc only. On this system every call "
    "is computed on the CPU.";

class AbsentBackend : public GruBackend {
 public:
  explicit AbsentBackend(const GruDescription& description)
      : description_(description) {}

  const char* name() const override { return "cudnn"; }
  const GruDescription& description() const override { return description_; }
  size_t bytes() const override { return 0; }
  Status Forward(const GruCall&, const ComputeOptions&) const override {
    return Status(StatusCode::kCudnnUnavailable, kReason);
  }
  Status ForwardKeepingPass(const GruCall& call, const ComputeOptions& options,
                            std::unique_ptr<GruPass>*) const override {
    return Forward(call, options);
  }

 private:
  const GruDescription description_;
};

}  // namespace

CudnnBackendMaker MakerOfCudnnBackends(const GruDescription& description,
                                       size_t) {
  auto backend = std::make_shared<AbsentBackend>(description);
  return [backend](const auto&) { return backend; };
}

CudaInfo QueryCuda() {
  CudaInfo info;
  info.reason = kReason;
  return info;
}

CudnnInfo QueryCudnn() {
  CudnnInfo info;
  info.reason = kReason;
  return info;
}

RuntimeVerdict JudgeRuntime(size_t, Dtype, StateRounding) {
  RuntimeVerdict verdict;
  verdict.detail = kReason;
  return verdict;
}

void SetRuntimeClock(std::chrono::milliseconds) {}

ByteCounter& MemoryBytes(MemoryKind) {
  static auto* const counter = new ByteCounter();
  return *counter;
}

StageTimes TimeStages(Timing) { return StageTimes(); }

}  // namespace cudnn_gru
