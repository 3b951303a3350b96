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

// Two groups need a full tile of rows each. They cost a second array of the
// gradients of the weights, which should stay in a second-level cache too.
constexpr size_t kMinGroupRows = 8;
constexpr size_t kMaxGroupedBytes = static_cast<size_t>(512) << 10;

size_t GroupsFor(const CpuWeights& weights, const GruCall& call) {
  const GruDescription& description = weights.description();
  const size_t gradients = (description.features + description.units) * kGates *
                           description.units * DtypeSize(description.dtype);
  return call.batch >= 2 * kMinGroupRows && gradients <= kMaxGroupedBytes &&
                 !HasCustomActivation(description)
             ? 2
             : 1;
}

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
  const size_t blocks = (steps + steps_per_block_ - 1) / steps_per_block_;
  active_.assign(groups_ * blocks, 0);
  for (size_t step = 0; step < steps; ++step) {
    begin_.push_back(rows_.size());
    const size_t t = call.go_backwards ? steps - 1 - step : step;
    for (size_t row = 0; row < batch_; ++row) {
      const bool active = call.mask != nullptr
                              ? call.mask[row * steps + t] != 0
                              : t < static_cast<size_t>(call.lengths[row]);
      if (!active) continue;
      rows_.push_back(static_cast<uint32_t>(row));
      slots_[step * batch_ + row] =
          active_[GroupOf(row) * blocks + step / steps_per_block_]++;
      first_step_[row] = std::min(first_step_[row], step);
    }
  }
  begin_.push_back(rows_.size());
}

// Places the blocks one after the other. Returns the number of elements of all
// records.
size_t SavedSteps::MakeBlocks(size_t panels) {
  size_t used = 0;
  size_t slots = 0;
  for (size_t group = 0; group < groups_; ++group) {
    const size_t row_begin = group == 0 ? 0 : second_row_;
    const size_t row_end = group == 0 ? second_row_ : batch_;
    for (size_t begin = 0; begin < timesteps_; begin += steps_per_block_) {
      const size_t end = std::min(timesteps_, begin + steps_per_block_);
      const size_t own = masked_ ? active_[blocks_.size()]
                                 : (end - begin) * (row_end - row_begin);
      blocks_.push_back({begin, end, row_begin, row_end, own, 0, 0, slots});
      slots += own;
    }
  }
  for (size_t i = 0; i < blocks_.size(); ++i) {
    size_t most = 0;
    for (size_t group = 0; group < groups_; ++group) {
      most = std::max(most, Blocks(group)[i % BlockCount()].slots);
    }
    // The number of records is odd, so that panels fall into different sets of
    // the cache.
    blocks_[i].stride = (most | 1) * record_size_;
    blocks_[i].offset = used;
    used += blocks_[i].stride * panels;
  }
  return used;
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
  made->timesteps_ = steps;
  made->groups_ = GroupsFor(weights, call);
  made->second_row_ = (call.batch + made->groups_ - 1) / made->groups_;
  const size_t most = std::max<size_t>(1, rows / made->second_row_);
  const size_t blocks = (steps + most - 1) / most;
  made->steps_per_block_ = (steps + blocks - 1) / blocks;
  size_t used = 0;
  try {
    made->ListRows(call);
    used = made->MakeBlocks(weights.panels());
  } catch (const std::bad_alloc&) {
    return no_memory;
  }
  Status status = Take(used * element, &made->records_);
  if (status.ok() && HasCustomActivation(weights.description())) {
    const Block& last = made->blocks_.back();
    status = Take((last.first + last.slots) * 3 * made->units_ * element,
                  &made->values_);
  }
  if (!status.ok()) return status;
  *saved = std::move(made);
  return Status();
}

size_t SavedSteps::bytes() const {
  return records_->size() + (values_ == nullptr ? 0 : values_->size()) +
         (rows_.size() + slots_.size() + active_.size()) * sizeof(uint32_t) +
         (begin_.size() + first_step_.size()) * sizeof(size_t) +
         blocks_.size() * sizeof(Block);
}

}  // namespace cudnn_gru
