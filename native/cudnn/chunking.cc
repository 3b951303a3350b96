#include "cudnn/chunking.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace cudnn_gru {
namespace {

Status CopyLengths(const GruCall& call, std::vector<int>* lengths) {
  for (size_t row = 0; row < call.batch; ++row) {
    const int32_t length = call.lengths[row];
    if (length < 0 || static_cast<size_t>(length) > call.timesteps) {
      return Status(
          StatusCode::kArgument,
          "Expected lengths from 0 to " + std::to_string(call.timesteps) +
              " for `lengths` but received " + std::to_string(length) +
              " in row " + std::to_string(row) + ".");
    }
    (*lengths)[row] = length;
  }
  return Status();
}

Status CountUnmasked(const GruCall& call, std::vector<int>* lengths) {
  for (size_t row = 0; row < call.batch; ++row) {
    const uint8_t* const begin = call.mask + row * call.timesteps;
    const uint8_t* const end = begin + call.timesteps;
    const uint8_t* const padding = std::find(begin, end, uint8_t{0});
    if (std::any_of(padding, end, [](uint8_t step) { return step != 0; })) {
      return Status(StatusCode::kArgument,
                    "Expected a strictly right-padded `mask` for cuDNN but "
                    "received another in row " +
                        std::to_string(row) + ".");
    }
    (*lengths)[row] = static_cast<int>(padding - begin);
  }
  return Status();
}

Status ReadLengths(const GruCall& call, std::vector<int>* lengths) {
  lengths->assign(call.batch, static_cast<int>(call.timesteps));
  if (call.lengths != nullptr) return CopyLengths(call, lengths);
  if (call.mask != nullptr) return CountUnmasked(call, lengths);
  return Status();
}

// Rounds up so that the tensors of every chunk begin at a multiple of 256
// bytes, which cuDNN wants, whatever the width and the data type are.
size_t Align(size_t elements) {
  constexpr size_t kElements = 128;
  return (elements + kElements - 1) / kElements * kElements;
}

// Sorts the rows by the number of chunks they reach into. Rows with the same
// number keep their order, so most calls change nothing. (std::stable_sort
// would allocate memory at every call.)
void SortRows(size_t max_timesteps, Chunking* chunking) {
  const std::vector<int>& lengths = chunking->lengths;
  chunking->order.resize(chunking->batch);
  std::iota(chunking->order.begin(), chunking->order.end(), size_t{0});
  const auto chunks_of = [&](size_t row) {
    return (static_cast<size_t>(lengths[row]) + max_timesteps - 1) /
           max_timesteps;
  };
  std::sort(chunking->order.begin(), chunking->order.end(),
            [&](size_t a, size_t b) {
              const size_t chunks_a = chunks_of(a);
              const size_t chunks_b = chunks_of(b);
              return chunks_a != chunks_b ? chunks_a > chunks_b : a < b;
            });
}

// Appends the chunk that begins at step `start` and has `rows` rows.
void AddChunk(size_t start, size_t rows, size_t max_timesteps,
              Chunking* chunking) {
  const auto steps_left = [&](size_t i) {
    return static_cast<size_t>(chunking->lengths[chunking->order[i]]) - start;
  };
  size_t longest = 0;
  size_t shortest = max_timesteps;
  for (size_t i = 0; i < rows; ++i) {
    longest = std::max(longest, steps_left(i));
    shortest = std::min(shortest, steps_left(i));
  }
  const size_t timesteps = std::min(max_timesteps, longest);
  chunking->rows = Align(chunking->rows);
  chunking->positions = Align(chunking->positions);
  chunking->chunk_lengths.resize(chunking->rows, 0);
  const RowLengths lengths =
      shortest >= timesteps ? RowLengths::kEqual : RowLengths::kDifferent;
  chunking->chunks.push_back({start, timesteps, rows, chunking->rows,
                              chunking->positions, lengths,
                              kStandardAlgorithm});
  for (size_t i = 0; i < rows; ++i) {
    chunking->chunk_lengths.push_back(
        static_cast<int>(std::min(steps_left(i), timesteps)));
  }
  chunking->positions += rows * timesteps;
  chunking->rows += rows;
}

}  // namespace

size_t Chunking::longest() const {
  return lengths.empty() ? 0
                         : static_cast<size_t>(*std::max_element(
                               lengths.begin(), lengths.end()));
}

size_t Chunking::masked_steps() const {
  size_t masked = batch * timesteps;
  for (int length : lengths) masked -= static_cast<size_t>(length);
  return masked;
}

size_t Chunking::positions_of_largest_chunk() const {
  size_t largest = 0;
  for (const Chunk& chunk : chunks) {
    largest = std::max(largest, chunk.positions());
  }
  return largest;
}

Status CheckLengths(const GruCall& call) {
  if (call.mask == nullptr && call.lengths == nullptr) return Status();
  std::vector<int> lengths;
  return ReadLengths(call, &lengths);
}

Status DivideIntoChunks(const GruCall& call, size_t max_timesteps,
                        Chunking* chunking) {
  const Status status = ReadLengths(call, &chunking->lengths);
  if (!status.ok()) return status;
  chunking->batch = call.batch;
  chunking->timesteps = call.timesteps;
  SortRows(max_timesteps, chunking);
  chunking->chunks.clear();
  chunking->chunk_lengths.clear();
  chunking->positions = 0;
  chunking->rows = 0;
  size_t rows = call.batch;
  for (size_t start = 0; start < call.timesteps; start += max_timesteps) {
    const auto reaches = [&](size_t row) {
      return static_cast<size_t>(chunking->lengths[row]) > start;
    };
    while (rows > 0 && !reaches(chunking->order[rows - 1])) --rows;
    if (rows == 0) break;
    AddChunk(start, rows, max_timesteps, chunking);
  }
  return Status();
}

}  // namespace cudnn_gru
