#include "cudnn/transfer_pieces.h"

#include <algorithm>

#include "cudnn/host_work.h"
#include "cudnn/library_status.h"
#include "cudnn/tensor_packing.h"

namespace cudnn_gru {
namespace {

// Larger tensors have larger pieces and hardly more of them, so that a stream
// needs few events.
constexpr size_t kMostPieces = 64;

}  // namespace

size_t LineRange::positions() const {
  return (end - begin) * TensorPacking::PositionsInLine(*chunk);
}

size_t LineRange::first_position() const {
  return begin * TensorPacking::PositionsInLine(*chunk);
}

LineRange AllLines(const Chunk& chunk) {
  return {&chunk, 0, TensorPacking::LinesOf(chunk)};
}

std::vector<LineRange> PiecesOf(const Chunking& chunking, const Chunk& chunk,
                                size_t position_bytes) {
  const size_t piece_bytes =
      std::max(kPieceBytes, chunking.positions * position_bytes / kMostPieces);
  const size_t all = TensorPacking::LinesOf(chunk);
  const size_t lines = std::max<size_t>(
      piece_bytes / (TensorPacking::PositionsInLine(chunk) * position_bytes),
      1);
  std::vector<LineRange> pieces;
  for (size_t line = 0; line < all; line += lines) {
    pieces.push_back({&chunk, line, std::min(line + lines, all)});
  }
  return pieces;
}

void DivideLines(int threads, const LineRange& lines, size_t position_bytes,
                 const std::function<void(size_t, size_t)>& work) {
  DivideHostWork(threads, lines.end - lines.begin,
                 lines.positions() * position_bytes,
                 [&](size_t begin, size_t end) {
                   work(lines.begin + begin, lines.begin + end);
                 });
}

Status PieceDownload::Queue(const Chunk& chunk, size_t position_bytes,
                            const char* from, char* to) {
  for (const LineRange& piece : PiecesOf(chunking_, chunk, position_bytes)) {
    const size_t at = piece.first_position() * position_bytes;
    const size_t bytes = piece.positions() * position_bytes;
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Download(to + at, from + at, bytes));
    pieces_.push_back({piece, marks_});
    unmarked_bytes_ += bytes;
    // A tensor may have many small chunks. Several of them share one mark.
    if (unmarked_bytes_ >= kPieceBytes / 2) {
      CUDNN_GRU_RETURN_IF_ERROR(MarkQueued());
    }
  }
  return Status();
}

Status PieceDownload::MarkQueued() {
  unmarked_bytes_ = 0;
  return stream_.Mark(marks_++);
}

Status PieceDownload::Unpack(
    const std::function<void(const LineRange&)>& unpack) {
  if (unmarked_bytes_ > 0) CUDNN_GRU_RETURN_IF_ERROR(MarkQueued());
  size_t waited = 0;
  for (const Queued& piece : pieces_) {
    if (piece.mark >= waited) {
      CUDNN_GRU_RETURN_IF_ERROR(stream_.WaitFor(piece.mark));
      waited = piece.mark + 1;
    }
    stream_.clock.EnterOnHost(Stage::kUnpack);
    unpack(piece.lines);
    stream_.clock.EnterOnHost(Stage::kWait);
  }
  return Status();
}

}  // namespace cudnn_gru
