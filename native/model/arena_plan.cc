#include "model/arena_plan.h"

#include <algorithm>
#include <numeric>

#include "core/aligned_buffer.h"

namespace cudnn_gru {
namespace {

// Sizes up to this can be rounded up, added and multiplied by a few rows
// without an overflow.
constexpr size_t kMaxBytes = static_cast<size_t>(1) << 52;

size_t RoundUp(size_t bytes) {
  constexpr size_t kLine = AlignedBuffer::kAlignment;
  return (bytes + kLine - 1) / kLine * kLine;
}

}  // namespace

// The largest block is placed first. Each next one takes the lowest place that
// no block has during the same instructions.
bool PlanArena(const std::vector<ArenaBlock>& blocks, ArenaPlan* plan) {
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return blocks[a].bytes > blocks[b].bytes;
  });
  plan->offsets.assign(blocks.size(), 0);
  plan->bytes = 0;
  std::vector<size_t> placed;  // by offset
  for (const size_t index : order) {
    const ArenaBlock& block = blocks[index];
    if (block.bytes > kMaxBytes) return false;
    const size_t bytes = RoundUp(block.bytes);
    size_t offset = 0;
    for (const size_t other : placed) {
      const ArenaBlock& there = blocks[other];
      if (there.last < block.first || block.last < there.first) continue;
      if (offset + bytes <= plan->offsets[other]) break;
      offset = std::max(offset, plan->offsets[other] + RoundUp(there.bytes));
    }
    if (offset > kMaxBytes) return false;
    plan->offsets[index] = offset;
    plan->bytes = std::max(plan->bytes, offset + bytes);
    const auto at = std::upper_bound(
        placed.begin(), placed.end(), index, [&](size_t a, size_t b) {
          return plan->offsets[a] < plan->offsets[b];
        });
    placed.insert(at, index);
  }
  return true;
}

}  // namespace cudnn_gru
