#ifndef CUDNN_GRU_CPU_FORWARD_SAVED_STEPS_H_
#define CUDNN_GRU_CPU_FORWARD_SAVED_STEPS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/gru_call.h"
#include "core/status.h"
#include "core/workspace.h"
#include "cpu/weights/weights.h"

namespace cudnn_gru {

// The records (cpu/kernels/backward_kernels.h) that a forward call fills and
// its backward call uses up, and which row has which. Steps are counted in the
// order of the time loop; a masked row has no record.
class SavedSteps {
 public:
  // Steps whose records lie together, so that matrix products over all of their
  // rows find them in the cache.
  struct Block {
    size_t step_begin;
    size_t step_end;
    size_t slots;   // records of each panel
    size_t stride;  // elements from one panel's records to the next's
    size_t offset;  // of the block's first record
    size_t first;   // slots of the blocks before
  };

  // Room for `call`; batch >= 1. kOutOfMemory.
  static Status Create(const CpuWeights& weights, const GruCall& call,
                       std::unique_ptr<SavedSteps>* saved);
  size_t bytes() const;
  const std::vector<Block>& blocks() const { return blocks_; }
  const Block& BlockOf(size_t step) const {
    return blocks_[step / steps_per_block_];
  }

  // The rows of a step that have records, ascending, and how many.
  const uint32_t* Rows(size_t step) const {
    return masked_ ? rows_.data() + begin_[step] : rows_.data();
  }
  size_t RowCount(size_t step) const {
    return masked_ ? begin_[step + 1] - begin_[step] : batch_;
  }
  // The slot of the step's first row within its block.
  size_t FirstSlot(size_t step) const {
    const size_t first = BlockOf(step).step_begin;
    return masked_ ? begin_[step] - begin_[first] : (step - first) * batch_;
  }
  // Whether the row has a record in this step, and in this or an earlier one.
  bool Active(size_t row, size_t step) const {
    return !masked_ || slots_[step * batch_ + row] != kNoSlot;
  }
  bool Seen(size_t row, size_t step) const {
    return !masked_ || first_step_[row] <= step;
  }

  // The record of a block's slot, or of an active row and step, of panel 0.
  template <typename T>
  T* Records(const Block& block, size_t slot = 0) const {
    return static_cast<T*>(records_->data()) + block.offset +
           slot * record_size_;
  }
  template <typename T>
  T* Record(size_t row, size_t step) const {
    return Records<T>(BlockOf(step), Slot(row, step));
  }
  // For custom activations only, what a row's made of its pre-activations:
  // (3, U).
  bool has_values() const { return values_ != nullptr; }
  template <typename T>
  T* Values(const Block& block, size_t slot) const {
    return static_cast<T*>(values_->data()) + (block.first + slot) * 3 * units_;
  }
  template <typename T>
  T* Values(size_t row, size_t step) const {
    return Values<T>(BlockOf(step), Slot(row, step));
  }

 private:
  static constexpr uint32_t kNoSlot = UINT32_MAX;

  SavedSteps() = default;
  // Of an active row.
  size_t Slot(size_t row, size_t step) const {
    return masked_ ? slots_[step * batch_ + row] : FirstSlot(step) + row;
  }
  void ListRows(const GruCall& call);

  bool masked_ = false;
  size_t batch_ = 0;
  size_t units_ = 0;
  size_t record_size_ = 0;  // elements of a record
  size_t steps_per_block_ = 1;
  std::vector<Block> blocks_;
  std::vector<uint32_t> rows_;  // of all steps or, unmasked, of each
  // Of masked calls only.
  std::vector<size_t> begin_;       // by step, in rows_
  std::vector<uint32_t> slots_;     // by step and row
  std::vector<size_t> first_step_;  // by row
  std::unique_ptr<const Workspace> records_;
  std::unique_ptr<const Workspace> values_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_SAVED_STEPS_H_
