#include "cpu/stack/concurrency.h"

#include <algorithm>
#include <cstdint>

namespace cudnn_gru {
namespace {

// A layer follows the one below by this part of the timesteps. With more parts
// it waits less at the start, but its input part is computed in smaller
// products.
constexpr size_t kParts = 12;
// The number of rows that fill the register tiles of a product.
constexpr size_t kTileRows = 8;

// Whether the forward half of the layer `index` can begin before the layer
// below it has ended.
bool Follows(const StackJob& job, size_t index) {
  return index > 0 && job.layers[index - 1].half_count == 1 &&
         !job.layers[index].halves[0].call.go_backwards;
}

}  // namespace

size_t ConcurrencyFrom(const StackJob& job, size_t index, size_t* end) {
  *end = index + 1;
  if (job.layers[index].half_count == 2) return 2;
  while (*end < job.layers.size() && job.layers[*end].half_count == 1 &&
         Follows(job, *end)) {
    ++*end;
  }
  return *end - index;
}

Concurrency ConcurrencyOf(const StackJob& job) {
  Concurrency found = {SIZE_MAX, 0};
  for (size_t layer = 0; layer < job.layers.size();) {
    const size_t count = ConcurrencyFrom(job, layer, &layer);
    found.least = std::min(found.least, count);
    found.most = std::max(found.most, count);
  }
  return found;
}

size_t StepsAtATime(const StackJob& job, size_t layer, size_t half,
                    size_t rows) {
  const bool follows = half == 0 && Follows(job, layer);
  const bool is_followed = job.layers[layer].half_count == 1 &&
                           layer + 1 < job.layers.size() &&
                           Follows(job, layer + 1);
  if (!follows && !is_followed) return job.timesteps;
  const size_t tile = (kTileRows + rows - 1) / rows;
  return std::max<size_t>(1, job.timesteps / kParts / tile) * tile;
}

}  // namespace cudnn_gru
