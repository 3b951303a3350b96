#ifndef CUDNN_GRU_MODEL_ARENA_PLAN_H_
#define CUDNN_GRU_MODEL_ARENA_PLAN_H_

#include <cstddef>
#include <vector>

namespace cudnn_gru {

// A block of memory that is needed during a range of instructions.
struct ArenaBlock {
  size_t bytes = 0;  // of a row
  size_t first = 0;  // the first instruction that needs it
  size_t last = 0;   // the last one
};

// The places of blocks in one arena. All are bytes of a row, and multiples of a
// cache line: with r rows, the block i begins at offsets[i] * r.
struct ArenaPlan {
  std::vector<size_t> offsets;
  size_t bytes = 0;
};

// Places the blocks so that two that are needed at the same time do not
// overlap. Returns false when the arena would be too large.
[[nodiscard]] bool PlanArena(const std::vector<ArenaBlock>& blocks,
                             ArenaPlan* plan);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_ARENA_PLAN_H_
