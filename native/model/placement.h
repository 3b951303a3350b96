#ifndef CUDNN_GRU_MODEL_PLACEMENT_H_
#define CUDNN_GRU_MODEL_PLACEMENT_H_

#include <cstddef>
#include <vector>

#include "model/arena_plan.h"
#include "model/operands.h"

namespace cudnn_gru {

struct PlacedTensor;

// Decides where the tensors of a program are. Times are numbers that grow from
// one instruction to the next.
class Placement {
 public:
  explicit Placement(const std::vector<TensorSpec>& tensors);

  // Notes that a tensor is read or written at a time. Times may not decrease.
  void Use(TensorId id, size_t time);

  // Lets `result`, which is written at `time` for the first time, take the
  // memory of `operand`, which is read then. Does nothing and returns false
  // unless the operand's memory is the program's own, has the same size, and is
  // not needed later.
  bool Join(TensorId operand, TensorId result, size_t time,
            std::vector<PlacedTensor>* tensors);

  // Finds a place in the arena for every tensor that is used and has none.
  // Returns false when the arena would be too large.
  [[nodiscard]] bool Plan(std::vector<PlacedTensor>* tensors,
                          size_t* row_bytes) const;

 private:
  // Tensors that share memory, as a tree: each has another tensor of the group,
  // or itself. The block of the root is that of the group.
  TensorId RootOf(TensorId id) const;

  std::vector<ArenaBlock> blocks_;  // without bytes where nothing uses a tensor
  std::vector<size_t> sizes_;       // in bytes
  std::vector<TensorId> parents_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_PLACEMENT_H_
