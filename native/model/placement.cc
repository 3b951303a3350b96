#include "model/placement.h"

#include <algorithm>

#include "model/program_parts.h"

namespace cudnn_gru {

Placement::Placement(const std::vector<TensorSpec>& tensors)
    : blocks_(tensors.size()) {
  for (const TensorSpec& tensor : tensors) {
    parents_.push_back(parents_.size());
    sizes_.push_back(tensor.size * ElementSize(tensor.type));
  }
}

void Placement::Use(TensorId id, size_t time) {
  ArenaBlock& block = blocks_[id];
  if (block.bytes == 0) {
    block.bytes = std::max<size_t>(sizes_[id], 1);
    block.first = time;
  }
  block.last = time;
}

TensorId Placement::RootOf(TensorId id) const {
  while (parents_[id] != id) id = parents_[id];
  return id;
}

bool Placement::Join(TensorId operand, TensorId result, size_t time,
                     std::vector<PlacedTensor>* tensors) {
  const TensorId root = RootOf(operand);
  PlacedTensor& from = (*tensors)[root];
  const PlacedTensor& to = (*tensors)[result];
  if (from.place != Place::kNowhere || blocks_[root].last != time ||
      blocks_[result].first != time || sizes_[operand] != sizes_[result] ||
      (to.place != Place::kNowhere && to.place != Place::kOutput)) {
    return false;
  }
  // The result becomes the root, because it may be the array of an output.
  blocks_[result].first = blocks_[root].first;
  parents_[root] = result;
  return true;
}

bool Placement::Plan(std::vector<PlacedTensor>* tensors,
                     size_t* row_bytes) const {
  std::vector<ArenaBlock> blocks;
  std::vector<TensorId> roots;
  for (TensorId id = 0; id < blocks_.size(); ++id) {
    if (parents_[id] != id || blocks_[id].bytes == 0) continue;
    if ((*tensors)[id].place != Place::kNowhere) continue;
    blocks.push_back(blocks_[id]);
    roots.push_back(id);
  }
  ArenaPlan plan;
  if (!PlanArena(blocks, &plan)) return false;
  *row_bytes = plan.bytes;
  for (size_t i = 0; i < roots.size(); ++i) {
    (*tensors)[roots[i]].place = Place::kArena;
    (*tensors)[roots[i]].at = plan.offsets[i];
  }
  for (TensorId id = 0; id < blocks_.size(); ++id) {
    const TensorId root = RootOf(id);
    if (root == id) continue;
    (*tensors)[id].place = (*tensors)[root].place;
    (*tensors)[id].at = (*tensors)[root].at;
  }
  return true;
}

}  // namespace cudnn_gru
