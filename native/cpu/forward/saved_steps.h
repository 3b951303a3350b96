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
// its backward call overwrites, and the index that finds the record of a row.
// Steps are counted in the order of the time loop. A masked row has no record.
//
// The rows of the batch are in one group or two. Backward passes compute the
// gradients of the weights for each group, and then add them. So two threads
// need none of each other's records. The number of groups does not depend on
// the number of threads, because it changes the order of sums.
class SavedSteps {
 public:
  static constexpr size_t kMostGroups = 2;

  // A range of steps and the rows of a group. Their records lie together, so
  // that they stay in the cache during the matrix products over all of them.
  struct Block {
    size_t step_begin;
    size_t step_end;
    size_t row_begin;
    size_t row_end;
    size_t slots;   // the number of records of each panel
    size_t stride;  // the number of elements from one panel to the next
    size_t offset;  // of the block's first record, in elements
    size_t first;   // the number of slots of the blocks before
  };

  // Allocates the records for `call`, whose batch must be at least 1. Fails
  // with kOutOfMemory.
  static Status Create(const CpuWeights& weights, const GruCall& call,
                       std::unique_ptr<SavedSteps>* saved);
  size_t bytes() const;
  size_t groups() const { return groups_; }
  // The blocks of the first group, and then those of the second one. Blocks of
  // the same steps have the same stride.
  const std::vector<Block>& blocks() const { return blocks_; }
  // Returns the blocks of a group, in the order of the steps, and their number.
  const Block* Blocks(size_t group) const {
    return blocks_.data() + group * BlockCount();
  }
  size_t BlockCount() const { return blocks_.size() / groups_; }
  const Block& BlockOf(size_t step, size_t group = 0) const {
    return Blocks(group)[step / steps_per_block_];
  }

  // Return the rows of a step that have records, in ascending order, and their
  // number.
  const uint32_t* Rows(size_t step) const {
    return masked_ ? rows_.data() + begin_[step] : rows_.data();
  }
  size_t RowCount(size_t step) const {
    return masked_ ? begin_[step + 1] - begin_[step] : batch_;
  }
  // Returns the slot of an active row within its block.
  size_t Slot(size_t row, size_t step) const {
    if (masked_) return slots_[step * batch_ + row];
    const Block& block = BlockOf(step, GroupOf(row));
    return (step - block.step_begin) * (block.row_end - block.row_begin) + row -
           block.row_begin;
  }
  // Active: whether the row has a record in this step. Seen: whether it has one
  // in this step or an earlier one.
  bool Active(size_t row, size_t step) const {
    return !masked_ || slots_[step * batch_ + row] != kNoSlot;
  }
  bool Seen(size_t row, size_t step) const {
    return !masked_ || first_step_[row] <= step;
  }

  // Return the record of panel 0 for a slot of a block, or for an active row
  // and step.
  template <typename T>
  T* Records(const Block& block, size_t slot = 0) const {
    return static_cast<T*>(records_->data()) + block.offset +
           slot * record_size_;
  }
  template <typename T>
  T* Record(size_t row, size_t step) const {
    return Records<T>(BlockOf(step, GroupOf(row)), Slot(row, step));
  }
  // Values are kept for custom activations only: the results for a row's
  // pre-activations, (3, U).
  bool has_values() const { return values_ != nullptr; }
  template <typename T>
  T* Values(const Block& block, size_t slot) const {
    return static_cast<T*>(values_->data()) + (block.first + slot) * 3 * units_;
  }
  template <typename T>
  T* Values(size_t row, size_t step) const {
    return Values<T>(BlockOf(step, GroupOf(row)), Slot(row, step));
  }

 private:
  static constexpr uint32_t kNoSlot = UINT32_MAX;

  SavedSteps() = default;
  size_t GroupOf(size_t row) const { return row < second_row_ ? 0 : 1; }
  void ListRows(const GruCall& call);
  size_t MakeBlocks(size_t panels);

  bool masked_ = false;
  size_t batch_ = 0;
  size_t units_ = 0;
  size_t record_size_ = 0;  // the number of elements of a record
  size_t timesteps_ = 0;
  size_t groups_ = 1;
  size_t second_row_ = 0;  // the first row of the second group, or the batch
  size_t steps_per_block_ = 1;
  std::vector<Block> blocks_;
  // The rows of all steps, one step after the other. In calls without a mask,
  // the rows that every step has.
  std::vector<uint32_t> rows_;
  // The next four are for masked calls only.
  std::vector<size_t> begin_;       // where each step begins in rows_
  std::vector<uint32_t> slots_;     // the slot of each step and row
  std::vector<size_t> first_step_;  // the first unmasked step of each row
  std::vector<uint32_t> active_;    // the slots of each block, as blocks_
  std::unique_ptr<const Workspace> records_;
  std::unique_ptr<const Workspace> values_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_FORWARD_SAVED_STEPS_H_
