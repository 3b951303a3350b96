// Where the blocks of a native program's arena are.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "generator.h"
#include "model/arena_plan.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

TEST_CASE("blocks that are needed at the same time do not overlap") {
  Generator generator(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<cudnn_gru::ArenaBlock> blocks(generator.Next() % 40);
    size_t sum = 0;
    for (auto& block : blocks) {
      block.bytes = generator.Next() % 1000;
      block.first = generator.Next() % 30;
      block.last = block.first + generator.Next() % 10;
      sum += (block.bytes + 63) / 64 * 64;
    }
    cudnn_gru::ArenaPlan plan;
    REQUIRE(cudnn_gru::PlanArena(blocks, &plan));
    size_t most = 0;
    for (size_t time = 0; time < 40; ++time) {
      size_t live = 0;
      for (const auto& block : blocks) {
        if (block.first <= time && time <= block.last) live += block.bytes;
      }
      most = std::max(most, live);
    }
    CHECK(plan.bytes >= most);
    CHECK(plan.bytes <= sum);
    for (size_t i = 0; i < blocks.size(); ++i) {
      CHECK(plan.offsets[i] % 64 == 0);
      CHECK(plan.offsets[i] + blocks[i].bytes <= plan.bytes);
      for (size_t j = 0; j < i; ++j) {
        const bool together = blocks[i].first <= blocks[j].last &&
                              blocks[j].first <= blocks[i].last;
        const bool apart =
            plan.offsets[i] + blocks[i].bytes <= plan.offsets[j] ||
            plan.offsets[j] + blocks[j].bytes <= plan.offsets[i];
        CHECK((!together || apart || blocks[i].bytes == 0 ||
               blocks[j].bytes == 0));
      }
    }
  }
}

TEST_CASE("an arena that is too large is refused") {
  cudnn_gru::ArenaPlan plan;
  CHECK_FALSE(cudnn_gru::PlanArena({{SIZE_MAX, 0, 1}}, &plan));
  const std::vector<cudnn_gru::ArenaBlock> many(
      100, {static_cast<size_t>(1) << 50, 0, 1});
  CHECK_FALSE(cudnn_gru::PlanArena(many, &plan));
}

}  // namespace
}  // namespace cudnn_gru_test
