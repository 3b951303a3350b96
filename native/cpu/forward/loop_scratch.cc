#include "cpu/forward/loop_scratch.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

// How many bytes of projected inputs are processed at a time. Together with the
// recurrent weights of mid-sized layers they stay in a second-level cache.
constexpr size_t kChunkBytes = static_cast<size_t>(512) << 10;
// With fewer rows at a time, reading the panels of the kernel would take too
// large a part of the time.
constexpr size_t kChunkRows = 64;

}  // namespace

template <typename T>
void SharedScratch<T>::Take(const ForwardJob<T>& job, size_t most_steps,
                            BumpAllocator& allocator) {
  const CpuWeights& weights = job.weights;
  const GruCall& call = job.call;
  const GruDescription& description = weights.description();
  const size_t units = description.units;
  row_stride = weights.panels() * kGates * weights.lanes();
  const size_t rows =
      std::max(kChunkRows, kChunkBytes / (row_stride * sizeof(T)));
  chunk = std::min(most_steps, std::max<size_t>(1, rows / call.batch));
  projection = allocator.Take<T>(call.batch * chunk * row_stride);
  inputs = nullptr;
  states = update = reset_state = dropped_states = nullptr;
  input_masks = call.input_dropout == nullptr ? 1 : call.input_dropout_masks;
  if (call.input_dropout != nullptr || call.inputs_are_bits) {
    inputs = allocator.Take<T>(input_masks * call.batch * chunk *
                               description.features);
  }
  if (!OutputTakesStates(job)) {
    states = allocator.Take<T>(2 * call.batch * units);
  }
  if (!description.reset_after) {
    update = allocator.Take<T>(call.batch * units);
    reset_state = allocator.Take<T>(call.batch * units);
  }
  if (call.recurrent_dropout != nullptr) {
    dropped_states = allocator.Take<T>(kGates * call.batch * units);
  }
  zeros = allocator.Take<T>(units);
}

template <typename T>
void RowScratch<T>::Take(const GruDescription& description, const GruCall& call,
                         size_t rows, const SharedScratch<T>& shared,
                         BumpAllocator& allocator) {
  state = allocator.Take<const T*>(rows);
  seen = allocator.Take<uint8_t>(rows);
  slot = allocator.Take<uint8_t>(rows);
  active = allocator.Take<size_t>(rows);
  previous = allocator.Take<const T*>(rows);
  next = allocator.Take<T*>(rows);
  projection = allocator.Take<const T*>(rows);
  saved = allocator.Take<T*>(rows);
  values = allocator.Take<T*>(rows);
  update = reset_state = nullptr;
  if (!description.reset_after) {
    update = allocator.Take<T*>(rows);
    reset_state = allocator.Take<T*>(rows);
  }
  for (int gate = 0; gate < kGates; ++gate) {
    dropped_state[gate] = call.recurrent_dropout == nullptr
                              ? nullptr
                              : allocator.Take<const T*>(rows);
    // When the arrays of pointers are the same, kernels compute all gates in
    // one pass.
    input[gate] = gate == 0 || call.input_dropout_masks == kGates
                      ? allocator.Take<const T*>(rows * shared.chunk)
                      : input[0];
  }
  projected = allocator.Take<T*>(rows * shared.chunk);
  if (IsRowWise(description)) {
    row_wise.Take(description, rows, shared.row_stride, allocator);
  }
}

template struct SharedScratch<float>;
template struct SharedScratch<double>;
template struct RowScratch<float>;
template struct RowScratch<double>;

}  // namespace cudnn_gru
