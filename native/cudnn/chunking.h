#ifndef CUDNN_GRU_CUDNN_CHUNKING_H_
#define CUDNN_GRU_CUDNN_CHUNKING_H_

#include <cstddef>
#include <vector>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/algorithm.h"

namespace cudnn_gru {

// The most time steps that one cuDNN call accepts.
constexpr size_t kMaxChunkTimesteps = 65535;

// The part of a call that one cuDNN call computes: steps [start,
// start + timesteps) of the rows that have any step there, which are the first
// `rows` of Chunking::order. At least one of these rows has all these steps;
// the others are padded. A position is one step of one row.
struct Chunk {
  size_t start;
  size_t timesteps;
  size_t rows;
  // Where the chunk begins, counted in rows and in positions. The tensors of a
  // call hold one chunk after the other, each of them aligned.
  size_t first_row;
  size_t first_position;
  RowLengths lengths;  // kEqual when no row is padded
  // Also decides the order of the chunk's tensors. Only a chunk without padding
  // may be time-major.
  Algorithm algorithm;

  size_t positions() const { return rows * timesteps; }
};

// How a call with any lengths is divided into chunks. Rows that reach into more
// chunks come first, so the rows of every chunk are the first rows of the chunk
// before it, and the states of one chunk are the initial states of the next one
// without being moved. Rows without a step come last and are in no chunk,
// because cuDNN fails or computes wrong gradients for them.
struct Chunking {
  size_t batch = 0;
  size_t timesteps = 0;
  std::vector<int> lengths;   // number of unmasked steps, by row of the call
  std::vector<size_t> order;  // rows of the call, in the order of the chunks
  std::vector<Chunk> chunks;  // empty when every row is empty
  std::vector<int>
      chunk_lengths;     // steps of each row, from Chunk::first_row on
  size_t positions = 0;  // of all chunks, to the end of the last one
  size_t rows = 0;       // of all chunks, to the end of the last one

  // Returns the number of steps of the longest row.
  size_t longest() const;
  // Returns the number of masked steps of all rows together.
  size_t masked_steps() const;
  size_t positions_of_largest_chunk() const;
};

// Returns kArgument when the mask is not strictly right-padded or a length is
// not in 0 .. timesteps.
Status CheckLengths(const GruCall& call);

// Divides the call into chunks of at most `max_timesteps`. Fails with kArgument
// when the mask is not strictly right-padded or a length is not in
// 0 .. timesteps. Reuses the memory of `chunking`.
Status DivideIntoChunks(const GruCall& call, size_t max_timesteps,
                        Chunking* chunking);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CHUNKING_H_
