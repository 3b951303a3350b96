#include "cudnn/pieces.h"

#include <algorithm>

#include "cudnn/fixups.h"
#include "cudnn/host_work.h"
#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

// A tensor of any size has hardly more pieces, so that a lane has few events.
constexpr size_t kMostPieces = 64;

}  // namespace

size_t Lines::cells() const {
  return (end - begin) * Fixups::CellsOfLine(*chunk);
}

size_t Lines::first_cell() const { return begin * Fixups::CellsOfLine(*chunk); }

Lines AllLines(const Chunk& chunk) {
  return {&chunk, 0, Fixups::LinesOf(chunk)};
}

std::vector<Lines> PiecesOf(const Schedule& schedule, const Chunk& chunk,
                            size_t cell_bytes) {
  const size_t piece_bytes =
      std::max(kPieceBytes, schedule.cells * cell_bytes / kMostPieces);
  const size_t all = Fixups::LinesOf(chunk);
  const size_t lines = std::max<size_t>(
      piece_bytes / (Fixups::CellsOfLine(chunk) * cell_bytes), 1);
  std::vector<Lines> pieces;
  for (size_t line = 0; line < all; line += lines) {
    pieces.push_back({&chunk, line, std::min(line + lines, all)});
  }
  return pieces;
}

void DivideLines(int threads, const Lines& lines, size_t cell_bytes,
                 const std::function<void(size_t, size_t)>& work) {
  DivideHostWork(threads, lines.end - lines.begin, lines.cells() * cell_bytes,
                 [&](size_t begin, size_t end) {
                   work(lines.begin + begin, lines.begin + end);
                 });
}

Status PieceDownload::Queue(const Chunk& chunk, size_t cell_bytes,
                            const char* from, char* to) {
  for (const Lines& piece : PiecesOf(schedule_, chunk, cell_bytes)) {
    const size_t at = piece.first_cell() * cell_bytes;
    const size_t bytes = piece.cells() * cell_bytes;
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Download(to + at, from + at, bytes));
    pieces_.push_back({piece, marks_});
    unmarked_bytes_ += bytes;
    // Chunks may be many and small: those share a mark.
    if (unmarked_bytes_ >= kPieceBytes / 2) {
      CUDNN_GRU_RETURN_IF_ERROR(MarkQueued());
    }
  }
  return Status();
}

Status PieceDownload::MarkQueued() {
  unmarked_bytes_ = 0;
  return lane_.Mark(marks_++);
}

Status PieceDownload::Unpack(const std::function<void(const Lines&)>& unpack) {
  if (unmarked_bytes_ > 0) CUDNN_GRU_RETURN_IF_ERROR(MarkQueued());
  size_t waited = 0;
  for (const Queued& piece : pieces_) {
    if (piece.mark >= waited) {
      CUDNN_GRU_RETURN_IF_ERROR(lane_.WaitFor(piece.mark));
      waited = piece.mark + 1;
    }
    lane_.clock.EnterOnHost(Stage::kUnpack);
    unpack(piece.lines);
    lane_.clock.EnterOnHost(Stage::kWait);
  }
  return Status();
}

}  // namespace cudnn_gru
