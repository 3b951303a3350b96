#include "cpu/cpu_pass.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "core/aligned_buffer.h"
#include "core/half.h"
#include "cpu/backward/gru_backward.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/forward/gru_forward.h"
#include "cpu/reference/gru_reference_backward.h"

namespace cudnn_gru {
namespace {

constexpr char kPurpose[] = "memory for what the gradients need";

// Converts the weights to those of the scalar reference.
Status ReferenceWeights(std::shared_ptr<const CpuWeights> weights,
                        std::shared_ptr<const CpuWeights>* reference) {
  if (weights->isa().kernels == nullptr) {
    *reference = std::move(weights);
    return Status();
  }
  const GruDescription& description = weights->description();
  const size_t row = 3 * description.units;
  const size_t kernel = description.features * row;
  const size_t recurrent = description.units * row;
  const size_t size = DtypeSize(description.dtype);
  const size_t bytes = (kernel + recurrent + 2 * row) * size;
  const Workspace workspace(bytes);
  if (workspace.data() == nullptr) return OutOfMemory(bytes, kPurpose);
  char* const to_kernel = static_cast<char*>(workspace.data());
  char* const to_recurrent = to_kernel + kernel * size;
  char* const to_bias = to_recurrent + recurrent * size;
  const Status status = weights->Unpack(to_kernel, to_recurrent, to_bias);
  if (!status.ok()) return status;
  return CpuWeights::Create(description, AvailableIsas()[0], to_kernel,
                            to_recurrent, to_bias, reference);
}

// Returns a copy of `count` elements, or null for null. The allocator may only
// be measuring.
template <typename T>
const void* Copied(const void* source, size_t count, BumpAllocator& allocator) {
  if (source == nullptr) return nullptr;
  T* const copy = allocator.Take<T>(count);
  if (copy != nullptr) {
    std::copy_n(static_cast<const T*>(source), count, copy);
  }
  return copy;
}

}  // namespace

template <typename T>
void CpuPass::Place(const GruCall& call, Inputs inputs, int threads,
                    BumpAllocator& allocator) {
  const size_t units = description().units;
  const size_t features = description().features;
  const size_t row_steps = call.batch * call.timesteps;
  if (inputs == Inputs::kShared) {
    call_.inputs = call.inputs;
  } else if (call.inputs_are_bits) {
    float* const widened = allocator.Take<float>(row_steps * features);
    if (widened != nullptr) {
      Widen(description().state_rounding,
            static_cast<const uint16_t*>(call.inputs), widened,
            row_steps * features, threads);
    }
    call_.inputs = widened;
    call_.inputs_are_bits = false;
  } else {
    call_.inputs = Copied<T>(call.inputs, row_steps * features, allocator);
  }
  call_.input_dropout =
      Copied<T>(call.input_dropout,
                call.input_dropout_masks * call.batch * features, allocator);
  call_.recurrent_dropout =
      Copied<T>(call.recurrent_dropout, 3 * call.batch * units, allocator);
  // The saved steps of the kernels contain everything else that they need.
  if (!IsReference()) return;
  call_.initial_state =
      Copied<T>(call.initial_state, call.batch * units, allocator);
  call_.mask = static_cast<const uint8_t*>(
      Copied<uint8_t>(call.mask, row_steps, allocator));
  call_.lengths = static_cast<const int32_t*>(
      Copied<int32_t>(call.lengths, call.batch, allocator));
  steps_.states = allocator.Take<double>(row_steps * units);
  steps_.sums = allocator.Take<double>(row_steps * 3 * units);
  steps_.gates = allocator.Take<double>(row_steps * 3 * units);
  steps_.candidates = allocator.Take<double>(row_steps * units);
}

Status CpuPass::Keep(const GruCall& call, Inputs inputs, int threads) {
  const auto place = [&](BumpAllocator& allocator) {
    if (description().dtype == Dtype::kFloat32) {
      Place<float>(call, inputs, threads, allocator);
    } else {
      Place<double>(call, inputs, threads, allocator);
    }
  };
  // The steps have several times as many elements as a returned sequence, so
  // this checks that the sizes do not overflow.
  GruCall whole = call;
  whole.return_sequences = true;
  GruCallSizes sizes;
  const Status status = ComputeSizes(description(), whole, &sizes);
  if (!status.ok()) return status;
  BumpAllocator measure(nullptr);
  place(measure);
  buffer_.reset(new (std::nothrow)
                    Workspace(measure.used(), PassBytes(), Fit::kClose));
  if (buffer_ == nullptr || buffer_->data() == nullptr) {
    return OutOfMemory(measure.used(), kPurpose);
  }
  BumpAllocator allocator(buffer_->data());
  place(allocator);
  return IsReference() ? Status()
                       : SavedSteps::Create(*weights_, call, &saved_);
}

Status CpuPass::Compute(int threads, const Cancellation* cancellation) {
  return IsReference()
             ? ForwardReference(*weights_, call_, cancellation, &steps_)
             : ForwardOnCpu(*weights_, call_, threads, cancellation,
                            saved_.get());
}

Status CpuPass::Forward(std::shared_ptr<const CpuWeights> weights,
                        const GruCall& call, int threads,
                        const Cancellation* cancellation,
                        std::unique_ptr<CpuPass>* pass) {
  if (cancellation != nullptr && cancellation->requested()) {
    return Aborted();
  }
  Status status;
  if (call.batch == 0) {
    std::shared_ptr<const CpuWeights> reference;
    status = ReferenceWeights(std::move(weights), &reference);
    if (!status.ok()) return status;
    weights = std::move(reference);
  }
  std::unique_ptr<CpuPass> made;
  status = Prepare(std::move(weights), call, Inputs::kCopied, threads, &made);
  if (status.ok()) status = made->Compute(threads, cancellation);
  if (!status.ok()) return status;
  made->Seal();
  *pass = std::move(made);
  return status;
}

Status CpuPass::Prepare(std::shared_ptr<const CpuWeights> weights,
                        const GruCall& call, Inputs inputs, int threads,
                        std::unique_ptr<CpuPass>* pass) {
  std::unique_ptr<CpuPass> made(new (std::nothrow)
                                    CpuPass(std::move(weights), call));
  if (made == nullptr) return OutOfMemory(sizeof(CpuPass), kPurpose);
  Status status = made->Keep(call, inputs, threads);
  if (status.ok()) *pass = std::move(made);
  return status;
}

// The remaining pointers lead to the caller's tensors, which may not live as
// long.
void CpuPass::Seal() {
  call_.output = nullptr;
  call_.state = nullptr;
  call_.custom = nullptr;
  if (IsReference()) return;
  call_.initial_state = nullptr;
  call_.mask = nullptr;
  call_.lengths = nullptr;
}

size_t CpuPass::bytes() const {
  return buffer_->size() + (saved_ == nullptr ? 0 : saved_->bytes());
}

Status CpuPass::Backward(const GruGradients& gradients, int threads,
                         const Cancellation* cancellation) {
  if (spent_) return Spent();
  if (cancellation != nullptr && cancellation->requested()) {
    return Aborted();
  }
  spent_ = true;
  return IsReference() ? BackwardReference(*weights_, call_, steps_, gradients,
                                           cancellation)
                       : BackwardOnCpu(*weights_, call_, *saved_, gradients,
                                       threads, cancellation);
}

}  // namespace cudnn_gru
