#ifndef CUDNN_GRU_TEST_NATIVE_PLACED_STACK_H_
#define CUDNN_GRU_TEST_NATIVE_PLACED_STACK_H_

#include "core/cancellation.h"
#include "core/gru_stack.h"
#include "core/workspace.h"
#include "cpu/cpu_backend.h"
#include "cpu/stack/stack_buffers.h"
#include "cpu/stack/stack_job.h"

namespace cudnn_gru_test {

// The job of a call on the CPU path, with memory for what lies between the
// layers. The call must outlive it.
class PlacedStack {
 public:
  explicit PlacedStack(const cudnn_gru::StackCall& call,
                       const cudnn_gru::Cancellation* cancellation = nullptr)
      : job_(JobOf(call, cancellation)), memory_(Measured(call, &job_)) {
    cudnn_gru::BumpAllocator allocator(memory_.data());
    PlaceBuffers(call, call.inputs, allocator, &job_);
  }

  const cudnn_gru::StackJob& job() const { return job_; }

 private:
  static cudnn_gru::StackJob JobOf(
      const cudnn_gru::StackCall& call,
      const cudnn_gru::Cancellation* cancellation) {
    cudnn_gru::StackJob job;
    job.batch = call.batch;
    job.timesteps = call.timesteps;
    job.cancellation = cancellation;
    job.layers.resize(call.layers.size());
    for (size_t i = 0; i < call.layers.size(); ++i) {
      for (size_t half = 0; half < call.layers[i].half_count; ++half) {
        job.layers[i].halves[half].weights =
            static_cast<const cudnn_gru::CpuBackend&>(
                *call.layers[i].halves[half].backend)
                .weights()
                .get();
      }
    }
    FillCalls(call, &job);
    return job;
  }

  static size_t Measured(const cudnn_gru::StackCall& call,
                         cudnn_gru::StackJob* job) {
    cudnn_gru::BumpAllocator measure(nullptr);
    PlaceBuffers(call, call.inputs, measure, job);
    return measure.used();
  }

  cudnn_gru::StackJob job_;
  const cudnn_gru::Workspace memory_;
};

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_PLACED_STACK_H_
