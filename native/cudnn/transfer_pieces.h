#ifndef CUDNN_GRU_CUDNN_TRANSFER_PIECES_H_
#define CUDNN_GRU_CUDNN_TRANSFER_PIECES_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "core/status.h"
#include "cudnn/call_stream.h"
#include "cudnn/chunking.h"

namespace cudnn_gru {

// Large tensors are copied in pieces of this size, so that the host can pack or
// unpack one piece while another is on its way.
constexpr size_t kPieceBytes = static_cast<size_t>(4) << 20;

// A range of lines of a chunk's tensor (tensor_packing.h).
struct LineRange {
  const Chunk* chunk;
  size_t begin;
  size_t end;

  size_t positions() const;
  // Returns the number of positions of the tensor before the range.
  size_t first_position() const;
};

LineRange AllLines(const Chunk& chunk);

// Divides a chunk's tensor, which has `position_bytes` at each position, into
// at least one and at most some dozens of pieces.
std::vector<LineRange> PiecesOf(const Chunking& chunking, const Chunk& chunk,
                                size_t position_bytes);

// Divides the lines into parts and calls work(begin, end) for each, on at most
// `threads` threads.
void DivideLines(int threads, const LineRange& lines, size_t position_bytes,
                 const std::function<void(size_t, size_t)>& work);

// Copies a tensor from the device to the host in pieces.
class PieceDownload {
 public:
  PieceDownload(CallStream& stream, const Chunking& chunking)
      : stream_(stream), chunking_(chunking) {}

  // Queues the copy of a chunk's tensor from `from` to `to`.
  Status Queue(const Chunk& chunk, size_t position_bytes, const char* from,
               char* to);
  // Calls `unpack` for each queued piece as soon as it has arrived.
  Status Unpack(const std::function<void(const LineRange&)>& unpack);

 private:
  struct Queued {
    LineRange lines;
    size_t mark;  // the first mark of the stream behind the piece
  };

  Status MarkQueued();

  CallStream& stream_;
  const Chunking& chunking_;
  std::vector<Queued> pieces_;
  size_t marks_ = 0;
  size_t unmarked_bytes_ = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_TRANSFER_PIECES_H_
