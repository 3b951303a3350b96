#ifndef CUDNN_GRU_CUDNN_SCHEDULE_H_
#define CUDNN_GRU_CUDNN_SCHEDULE_H_

#include <cstddef>
#include <vector>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/algorithm.h"

namespace cudnn_gru {

// Most time steps that one cuDNN call can take.
constexpr size_t kMaxChunkTimesteps = 65535;

// One cuDNN call: steps [start, start + timesteps) of the rows that have any
// there, which are the first `rows` of Schedule::order. One of them at least
// has all these steps; the others are padded.
struct Chunk {
  size_t start;
  size_t timesteps;
  size_t rows;
  // Where the chunk begins, in rows and in rows x timesteps: the tensors of a
  // call lie chunk after chunk, each aligned.
  size_t first_row;
  size_t first_cell;
  bool equal_lengths;  // no row is padded
  // Also the order of the chunk's tensors: only one without padding may be
  // time-major.
  Algorithm algorithm;

  size_t cells() const { return rows * timesteps; }
};

// How a call of any lengths becomes calls that cuDNN takes. Rows stand in order
// of the number of chunks they reach into, and those without a step (for which
// cuDNN gives errors or wrong gradients) stand at the end and take no part. So
// the rows of every chunk are the head of those of the one before, and states
// go from chunk to chunk where they lie.
struct Schedule {
  size_t batch = 0;
  size_t timesteps = 0;
  std::vector<int> lengths;        // by row of the call: its unmasked steps
  std::vector<size_t> order;       // rows of the call, as they stand in chunks
  std::vector<Chunk> chunks;       // none when every row is empty
  std::vector<int> chunk_lengths;  // at Chunk::first_row: steps of each row
  size_t cells = 0;                // over all chunks: where the last one ends
  size_t rows = 0;

  // The most steps that a row has, the masked steps of all rows, and the most
  // cells that a chunk has.
  size_t longest() const;
  size_t masked_steps() const;
  size_t largest_chunk() const;
};

// kArgument when the mask is not strictly right-padded, or a length is not in
// 0 .. timesteps. `schedule` may be reused: its memory is.
Status MakeSchedule(const GruCall& call, size_t max_timesteps,
                    Schedule* schedule);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SCHEDULE_H_
