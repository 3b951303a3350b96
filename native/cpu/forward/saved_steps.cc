#include "cpu/forward/saved_steps.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "core/aligned_buffer.h"
#include "cpu/kernels/backward_kernels.h"

namespace cudnn_gru {
namespace {

// The records of a block should stay in a second-level cache from the first
// product to the last. But a block needs enough rows to be worth the cost of
// adding its weight gradients to those of the other blocks.
constexpr size_t kBlockBytes = static_cast<size_t>(768) << 10;
constexpr size_t kMinBlockRows = 128;
constexpr size_t kMaxBlockRows = 512;

Status Take(size_t bytes, std::unique_ptr<const Workspace>* memory) {
  memory->reset(new (std::nothrow) Workspace(bytes, PassBytes(), Fit::kClose));
  if (*memory != nullptr && (*memory)->data() != nullptr) return Status();
  return OutOfMemory(bytes, "memory for the steps of the call");
}

}  // namespace

void SavedSteps::ListRows(const GruCall& call) {
  if (!masked_) {
    for (size_t row = 0; row < batch_; ++row) {
      rows_.push_back(static_cast<uint32_t>(row));
    }
    return;
  }
  const size_t steps = call.timesteps;
  slots_.assign(steps * batch_, kNoSlot);
  first_step_.assign(batch_, steps);
  uint32_t slot = 0;
  for (size_t step = 0; step < steps; ++step) {
    if (step % steps_per_block_ == 0) slot = 0;
    begin_.push_back(rows_.size());
    const size_t t = call.go_backwards ? steps - 1 - step : step;
    for (size_t row = 0; row < batch_; ++row) {
      const bool active = call.mask != nullptr
                              ? call.mask[row * steps + t] != 0
                              : t < static_cast<size_t>(call.lengths[row]);
      if (!active) continue;
      rows_.push_back(static_cast<uint32_t>(row));
      slots_[step * batch_ + row] = slot++;
      first_step_[row] = std::min(first_step_[row], step);
    }
  }
  begin_.push_back(rows_.size());
}

Status SavedSteps::Create(const CpuWeights& weights, const GruCall& call,
                          std::unique_ptr<SavedSteps>* saved) {
  const size_t element = DtypeSize(weights.description().dtype);
  std::unique_ptr<SavedSteps> made(new (std::nothrow) SavedSteps());
  const Status no_memory(StatusCode::kOutOfMemory,
                         "The system has no memory for the steps of the call");
  if (made == nullptr) return no_memory;
  made->masked_ = call.mask != nullptr || call.lengths != nullptr;
  made->batch_ = call.batch;
  made->units_ = weights.description().units;
  made->record_size_ = kRecordParts * weights.lanes();
  const size_t steps = call.timesteps;
  const size_t row_bytes = weights.panels() * made->record_size_ * element;
  const size_t rows =
      std::min(kMaxBlockRows, std::max(kMinBlockRows, kBlockBytes / row_bytes));
  const size_t most = std::max<size_t>(1, rows / call.batch);
  const size_t blocks = (steps + most - 1) / most;
  made->steps_per_block_ = (steps + blocks - 1) / blocks;
  size_t used = 0;
  size_t first = 0;
  try {
    made->ListRows(call);
    for (size_t begin = 0; begin < steps; begin += made->steps_per_block_) {
      const size_t end = std::min(steps, begin + made->steps_per_block_);
      const size_t slots = made->masked_
                               ? made->begin_[end] - made->begin_[begin]
                               : (end - begin) * call.batch;
      // The number of records is odd, so that panels fall into different sets
      // of the cache.
      const size_t stride = (slots | 1) * made->record_size_;
      made->blocks_.push_back({begin, end, slots, stride, used, first});
      used += stride * weights.panels();
      first += slots;
    }
  } catch (const std::bad_alloc&) {
    return no_memory;
  }
  Status status = Take(used * element, &made->records_);
  if (status.ok() && HasCustomActivation(weights.description())) {
    status = Take(first * 3 * made->units_ * element, &made->values_);
  }
  if (!status.ok()) return status;
  *saved = std::move(made);
  return Status();
}

size_t SavedSteps::bytes() const {
  return records_->size() + (values_ == nullptr ? 0 : values_->size()) +
         rows_.size() * sizeof(uint32_t) + slots_.size() * sizeof(uint32_t) +
         (begin_.size() + first_step_.size()) * sizeof(size_t) +
         blocks_.size() * sizeof(Block);
}

}  // namespace cudnn_gru
