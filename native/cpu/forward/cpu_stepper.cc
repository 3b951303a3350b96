#include "cpu/forward/cpu_stepper.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/workspace.h"
#include "cpu/forward/forward_job.h"
#include "cpu/forward/loop_scratch.h"
#include "cpu/forward/time_loop.h"
#include "cpu/forward/work_division.h"

namespace cudnn_gru {
namespace {

template <typename T>
class CpuStepper : public GruStepper {
 public:
  CpuStepper(const CpuWeights& weights, const Kernels<T>& kernels,
             const GruCall& call)
      : call_(call),
        job_{weights, kernels,
             call_,   nullptr,
             nullptr, ContiguousPlace(call, weights.description().units)} {}

  Status Prepare() {
    BumpAllocator measure(nullptr);
    SharedScratch<T> shared;
    RowScratch<T> rows;
    Take(measure, &shared, &rows);
    workspace_.emplace(measure.used(), ScratchBytes(), Fit::kClose);
    if (workspace_->data() == nullptr) {
      return OutOfMemory(measure.used(), "scratch memory for the steps");
    }
    BumpAllocator allocator(workspace_->data());
    Take(allocator, &shared, &rows);
    std::fill_n(shared.zeros, job_.weights.description().units, T(0));
    const Share all = {0, call_.batch, 0, job_.weights.panels(), 0, 1, nullptr};
    loop_.emplace(job_, all, shared, rows);
    return Status();
  }

  Status Step() override { return loop_->Run(); }
  size_t bytes() const override { return workspace_->size(); }

 private:
  void Take(BumpAllocator& allocator, SharedScratch<T>* shared,
            RowScratch<T>* rows) const {
    shared->Take(job_, call_.timesteps, allocator);
    rows->Take(job_.weights.description(), call_, call_.batch, *shared,
               allocator);
  }

  const GruCall call_;
  const ForwardJob<T> job_;
  std::optional<Workspace> workspace_;
  std::optional<TimeLoop<T>> loop_;
};

template <typename T>
Status Make(const CpuWeights& weights, const Kernels<T>& kernels,
            const GruCall& call, std::unique_ptr<GruStepper>* stepper) {
  auto made = std::make_unique<CpuStepper<T>>(weights, kernels, call);
  Status status = made->Prepare();
  if (status.ok()) *stepper = std::move(made);
  return status;
}

}  // namespace

bool NeedsForward(const CpuWeights& weights, const GruCall& call) {
  return weights.isa().kernels == nullptr || call.batch == 0 ||
         CallFlops(weights.description(), call.batch, call.timesteps) >=
             kMinParallelFlops;
}

Status MakeCpuStepper(const CpuWeights& weights, const GruCall& call,
                      std::unique_ptr<GruStepper>* stepper) {
  const KernelSet& kernels = *weights.isa().kernels;
  return weights.description().dtype == Dtype::kFloat32
             ? Make<float>(weights, kernels.f32, call, stepper)
             : Make<double>(weights, kernels.f64, call, stepper);
}

}  // namespace cudnn_gru
