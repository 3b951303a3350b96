#ifndef CUDNN_GRU_CUDNN_TRANSFER_PIECES_H_
#define CUDNN_GRU_CUDNN_TRANSFER_PIECES_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "core/status.h"
#include "cudnn/call_stream.h"
#include "cudnn/chunking.h"

namespace cudnn_gru {

// Tensors that are large go to and from the device in pieces of this size, each
// while the host works on another one.
constexpr size_t kPieceBytes = static_cast<size_t>(4) << 20;

// Some lines of a chunk's tensor (tensor_packing.h).
struct LineRange {
  const Chunk* chunk;
  size_t begin;
  size_t end;

  size_t positions() const;
  // Cells of the chunk's tensor before them.
  size_t first_position() const;
};

LineRange AllLines(const Chunk& chunk);

// A chunk's tensor with so many bytes a position, in pieces: one at least, some
// dozens at most.
std::vector<LineRange> PiecesOf(const Chunking& chunking, const Chunk& chunk,
                                size_t position_bytes);

// Does work(begin, end) for the lines, on at most `threads` threads.
void DivideLines(int threads, const LineRange& lines, size_t position_bytes,
                 const std::function<void(size_t, size_t)>& work);

// A tensor on its way from the device, in pieces.
class PieceDownload {
 public:
  PieceDownload(CallStream& stream, const Chunking& chunking)
      : stream_(stream), chunking_(chunking) {}

  // Queues the copy of a chunk's tensor, which lies at `from` and goes to `to`.
  Status Queue(const Chunk& chunk, size_t position_bytes, const char* from,
               char* to);
  // Calls `unpack` for each piece that was queued, as soon as it is there.
  Status Unpack(const std::function<void(const LineRange&)>& unpack);

 private:
  struct Queued {
    LineRange lines;
    size_t mark;  // of the stream's, which comes after it
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
