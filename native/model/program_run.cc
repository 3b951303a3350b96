#include "model/program_run.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

#include "core/thread_pool.h"
#include "core/workspace.h"
#include "model/divided_instruction.h"
#include "model/tile.h"

namespace cudnn_gru {
namespace {

// The arena of a tile should fit a second-level cache. A tile has at least so
// many rows all the same, because the weights are read once for each tile.
constexpr size_t kTileBytes = static_cast<size_t>(512) << 10;
constexpr size_t kMinTileRows = 32;

// How the rows of a call are divided.
struct TilePlan {
  size_t rows;
  size_t tiles;
  int threads;  // that compute tiles side by side

  // Tiles have nearly the same size.
  size_t BeginOf(size_t index) const {
    return rows / tiles * index + std::min(index, rows % tiles);
  }
  Tile TileAt(size_t index) const {
    return {BeginOf(index), BeginOf(index + 1)};
  }
  size_t largest() const { return (rows + tiles - 1) / tiles; }
};

// Whether threads are better used within instructions than for rows.
bool SharesInstructions(const ProgramParts& parts, size_t rows, int threads) {
  for (const MadeInstruction& instruction : parts.instructions) {
    if (instruction->NeedsThreads(rows, threads)) return true;
  }
  return rows < static_cast<size_t>(threads) &&
         parts.serial_work <= parts.work / 2;
}

TilePlan PlanTiles(const ProgramParts& parts, size_t rows, int threads) {
  TilePlan plan = {rows, 1, 1};
  if (!parts.divisible) return plan;
  const bool parallel =
      threads > 1 && rows > 1 &&
      parts.work * static_cast<double>(rows) >= kMinParallelWork &&
      !SharesInstructions(parts, rows, threads);
  if (parallel) {
    plan.threads =
        static_cast<int>(std::min(rows, static_cast<size_t>(threads)));
  }
  const size_t fit = kTileBytes / std::max<size_t>(parts.row_bytes, 1);
  const size_t most = std::max(fit, kMinTileRows);
  const size_t helpers = static_cast<size_t>(plan.threads);
  // As many tiles for each thread.
  plan.tiles = (rows + most * helpers - 1) / (most * helpers) * helpers;
  return plan;
}

// Keeps the failure of the first tile that fails. Tiles begin in their order,
// so the tiles before it have begun, and are known when all threads have ended.
class FirstFailure {
 public:
  bool happened() const { return happened_.load(std::memory_order_relaxed); }

  void Note(size_t tile, Status status) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (happened() && tile > tile_) return;
    tile_ = tile;
    status_ = std::move(status);
    happened_.store(true, std::memory_order_relaxed);
  }

  Status Take() { return std::move(status_); }

 private:
  std::atomic<bool> happened_{false};
  std::mutex mutex_;
  size_t tile_ = 0;
  Status status_;
};

}  // namespace

Status RunProgram(const ProgramParts& parts, const ProgramCall& call,
                  const ComputeOptions& options) {
  const TilePlan plan = PlanTiles(parts, call.rows, options.threads);
  const size_t bytes = TileBytes(parts, plan.largest());
  const size_t all_bytes = bytes * static_cast<size_t>(plan.threads);
  const Workspace workspace(all_bytes);
  if (workspace.data() == nullptr) {
    return OutOfMemory(all_bytes, "scratch memory for the call");
  }
  FirstFailure failure;
  std::atomic<size_t> next{0};
  ComputeOptions own = options;
  if (plan.threads > 1) own.threads = 1;
  const auto body = [&](int index) {
    char* const memory = static_cast<char*>(workspace.data()) +
                         static_cast<size_t>(index) * bytes;
    for (size_t i = next++; i < plan.tiles; i = next++) {
      if (failure.happened()) return;
      Status status = RunTile(parts, call, plan.TileAt(i), memory, own);
      if (!status.ok()) failure.Note(i, std::move(status));
    }
  };
  // The closure is passed by reference, because a copy would be allocated.
  if (plan.threads == 1 ||
      !ThreadPool::Get().TryRunWithHelp(plan.threads, std::cref(body))) {
    body(0);
  }
  return failure.Take();
}

}  // namespace cudnn_gru
