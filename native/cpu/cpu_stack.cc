#include "cpu/cpu_stack.h"

#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "core/aligned_buffer.h"
#include "core/half.h"
#include "core/workspace.h"
#include "cpu/cpu_backend.h"
#include "cpu/cpu_pass.h"
#include "cpu/forward/work_division.h"
#include "cpu/stack/stack_buffers.h"
#include "cpu/stack/stack_forward.h"

namespace cudnn_gru {
namespace {

// Scratch memory of this size lies on the stack of the thread.
constexpr size_t kSmall = 512;
constexpr char kPurpose[] = "memory for what the gradients need";

// GruStack gives a runner the backends of its own kind alone.
const CpuBackend& CpuBackendOf(const StackHalf& half) {
  return static_cast<const CpuBackend&>(*half.backend);
}

StackJob JobOf(const StackCall& call, const Cancellation* cancellation) {
  StackJob job;
  job.batch = call.batch;
  job.timesteps = call.timesteps;
  job.cancellation = cancellation;
  job.layers.resize(call.layers.size());
  for (size_t i = 0; i < call.layers.size(); ++i) {
    for (size_t half = 0; half < call.layers[i].half_count; ++half) {
      job.layers[i].halves[half].weights =
          CpuBackendOf(call.layers[i].halves[half]).weights().get();
    }
  }
  FillCalls(call, &job);
  return job;
}

class CpuStackPass : public GruStackPass {
 protected:
  // With two threads, halves that each have one thread are at least as fast.
  // With more, a half may use them all.
  bool SideBySide(const LayerPass& layer, int threads) const override {
    const auto& half = static_cast<const CpuPass&>(*layer.halves[0]);
    const GruCall& call = half.call();
    const double flops =
        CallFlops(half.description(), call.batch, call.timesteps);
    // Both halves together are as much work as four forward passes of one.
    return 4 * flops >= kMinParallelFlops && half.BackwardThreads(threads) <= 2;
  }
};

// Returns a copy of the inputs in the layers' dtype. The allocator may only be
// measuring.
const void* CopyInputs(const StackCall& call, const GruDescription& description,
                       BumpAllocator& allocator, int threads) {
  const size_t count = call.batch * call.timesteps * description.features;
  const size_t bytes = count * DtypeSize(description.dtype);
  char* const copy = allocator.Take<char>(bytes);
  if (copy == nullptr) return nullptr;
  if (call.inputs_are_bits) {
    Widen(description.state_rounding, static_cast<const uint16_t*>(call.inputs),
          reinterpret_cast<float*>(copy), count, threads);
  } else if (bytes != 0) {
    std::memcpy(copy, call.inputs, bytes);
  }
  return copy;
}

class CpuStackRunner : public GruStackRunner {
 public:
  bool CanRun(const StackCall& call) const override {
    if (call.batch == 0) return false;
    for (const StackLayer& layer : call.layers) {
      for (size_t half = 0; half < layer.half_count; ++half) {
        const CpuBackend& backend = CpuBackendOf(layer.halves[half]);
        if (backend.weights()->isa().kernels == nullptr) return false;
      }
    }
    return true;
  }

  Status Forward(const StackCall& call,
                 const ComputeOptions& options) override {
    StackJob job = JobOf(call, options.cancellation);
    BumpAllocator measure(nullptr);
    PlaceBuffers(call, call.inputs, measure, &job);
    // A Bidirectional alone often needs none.
    if (measure.used() == 0) return ForwardStackOnCpu(job, options.threads);
    // To take memory from the pool is noticeable in a tiny call.
    alignas(AlignedBuffer::kAlignment) char small[kSmall];
    std::optional<Workspace> large;
    void* memory = small;
    if (measure.used() > kSmall) {
      large.emplace(measure.used());
      memory = large->data();
    }
    if (memory == nullptr) {
      return OutOfMemory(measure.used(), "scratch memory for the call");
    }
    BumpAllocator allocator(memory);
    PlaceBuffers(call, call.inputs, allocator, &job);
    return ForwardStackOnCpu(job, options.threads);
  }

  Status ForwardKeepingPass(const StackCall& call,
                            const ComputeOptions& options,
                            std::unique_ptr<GruStackPass>* pass) override {
    if (options.cancellation != nullptr && options.cancellation->requested()) {
      return Aborted();
    }
    StackJob job = JobOf(call, options.cancellation);
    std::unique_ptr<GruStackPass> made(new (std::nothrow) CpuStackPass());
    if (made == nullptr) return OutOfMemory(sizeof(CpuStackPass), kPurpose);
    Status status = TakeBuffers(call, options.threads, &job, made.get());
    std::vector<CpuPass*> halves;
    if (status.ok()) status = AddPasses(call, &job, made.get(), &halves);
    if (status.ok()) status = ForwardStackOnCpu(job, options.threads);
    if (!status.ok()) return status;
    for (CpuPass* half : halves) half->Seal();
    *pass = std::move(made);
    return status;
  }

 private:
  // The pass keeps the inputs and all outputs between the layers, because they
  // are the inputs of the layers above.
  static Status TakeBuffers(const StackCall& call, int threads, StackJob* job,
                            GruStackPass* pass) {
    const GruDescription& description =
        job->layers[0].halves[0].weights->description();
    BumpAllocator measure(nullptr);
    CopyInputs(call, description, measure, threads);
    PlaceBuffers(call, nullptr, measure, job);
    std::unique_ptr<const Workspace> memory(
        new (std::nothrow) Workspace(measure.used(), PassBytes(), Fit::kClose));
    if (memory == nullptr || memory->data() == nullptr) {
      return OutOfMemory(measure.used(), kPurpose);
    }
    BumpAllocator allocator(memory->data());
    const void* const inputs =
        CopyInputs(call, description, allocator, threads);
    PlaceBuffers(call, inputs, allocator, job);
    for (HalfJob& half : job->layers[0].halves) {
      half.call.inputs_are_bits = false;
    }
    pass->Own(std::move(memory));
    return Status();
  }

  static Status AddPasses(const StackCall& call, StackJob* job,
                          GruStackPass* pass, std::vector<CpuPass*>* halves) {
    for (size_t i = 0; i < call.layers.size(); ++i) {
      LayerJob& layer = job->layers[i];
      LayerPass kept;
      kept.merge = layer.merge;
      for (size_t half = 0; half < layer.half_count; ++half) {
        HalfJob& to = layer.halves[half];
        std::unique_ptr<CpuPass> made;
        const Status status = CpuPass::Prepare(
            CpuBackendOf(call.layers[i].halves[half]).weights(), to.call,
            CpuPass::Inputs::kShared, 1, &made);
        if (!status.ok()) return status;
        to.saved = made->saved();
        kept.outputs[half] = to.call.output;
        halves->push_back(made.get());
        kept.halves[half] = std::move(made);
      }
      pass->Add(std::move(kept));
    }
    return Status();
  }
};

}  // namespace

std::unique_ptr<GruStackRunner> MakeCpuStackRunner() {
  return std::make_unique<CpuStackRunner>();
}

}  // namespace cudnn_gru
