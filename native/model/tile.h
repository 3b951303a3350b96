#ifndef CUDNN_GRU_MODEL_TILE_H_
#define CUDNN_GRU_MODEL_TILE_H_

#include <cstddef>

#include "core/gru_backend.h"
#include "core/status.h"
#include "model/program.h"
#include "model/program_parts.h"

namespace cudnn_gru {

// Rows of a call that one thread computes at a time, from `begin` to `end - 1`.
struct Tile {
  size_t begin;
  size_t end;
};

// The bytes of memory that a tile of `rows` rows needs.
size_t TileBytes(const ProgramParts& parts, size_t rows);

// Computes the rows of a tile in `memory`, which has TileBytes bytes and is
// aligned to a cache line.
Status RunTile(const ProgramParts& parts, const ProgramCall& call,
               const Tile& tile, void* memory, const ComputeOptions& options);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_TILE_H_
