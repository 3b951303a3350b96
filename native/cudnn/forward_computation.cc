#include "cudnn/forward_computation.h"

#include <algorithm>

#include "cudnn/host_work.h"
#include "cudnn/library_status.h"
#include "cudnn/run_on_device.h"

namespace cudnn_gru {

ForwardComputation::ForwardComputation(const ForwardRequest& request,
                                       Chunking* chunking, KeptTensors* kept,
                                       CallStream& stream)
    : weights_(request.weights),
      tensors_(request.tensors),
      options_(request.options),
      cancellation_(request.cancellation),
      chunking_(*chunking),
      kept_(*kept),
      mode_(request.mode),
      stream_(stream),
      settings_(request.weights.shape(), request.options.tf32),
      bytes_(request.weights.shape()),
      output_(stream, *chunking) {}

Status ForwardComputation::Run() {
  // When every row is empty there is nothing to compute, and cuDNN would fail.
  if (chunking_.chunks.empty()) {
    Finish();
    return Status();
  }
  CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
  CUDNN_GRU_RETURN_IF_ERROR(weights_.Upload(stream_, options_.threads));
  stream_.clock.Start();
  CUDNN_GRU_RETURN_IF_ERROR(Place());
  const StreamDrain drain(stream_);
  CUDNN_GRU_RETURN_IF_ERROR(Compute());
  CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kWait));
  // The host would only wait now.
  PrefaultResults(options_.threads, tensors_.Results());
  CUDNN_GRU_RETURN_IF_ERROR(
      output_.Unpack([&](const LineRange& lines) { UnpackOutput(lines); }));
  CUDNN_GRU_RETURN_IF_ERROR(stream_.Synchronize());
  CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kUnpack));
  Finish();
  stream_.clock.Stop();
  return Status();
}

// Chooses the algorithms, asks cuDNN for the sizes and allocates memory.
Status ForwardComputation::Place() {
  const size_t positions =
      Training() ? chunking_.positions : chunking_.positions_of_largest_chunk();
  x_.bytes = positions * bytes_.features;
  hx_.bytes = tensors_.has_initial_states()
                  ? chunking_.chunks[0].rows * bytes_.states
                  : 0;
  y_.bytes = positions * bytes_.outputs;
  hy_.bytes = chunking_.rows * bytes_.states;
  PlaceAllocator places;
  for (StagedTensor* tensor : {&x_, &hx_, &y_, &hy_}) {
    tensor->device_offset = places.Take(tensor->bytes);
  }
  kept_.x = x_.device_offset;
  kept_.hx = hx_.device_offset;
  kept_.y = y_.device_offset;
  kept_.hy = hy_.device_offset;
  kept_.reserves.clear();
  size_t workspace = 1;
  for (Chunk& chunk : chunking_.chunks) {
    DescriptorSet* descriptors = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(ChooseAlgorithm(&chunk, &descriptors));
    descriptors_.push_back(descriptors);
    workspace = std::max(workspace, descriptors->workspace_bytes());
    if (Training()) {
      kept_.reserves.push_back({places.Take(descriptors->reserve_bytes()),
                                descriptors->reserve_bytes()});
    }
  }
  CUDNN_GRU_RETURN_IF_ERROR(kept_.buffer.Allocate(
      stream_.device, MemoryKind::kDevice, places.used()));
  CUDNN_GRU_RETURN_IF_ERROR(
      workspace_.Allocate(stream_.device, MemoryKind::kDevice, workspace));
  return PlaceStaged();
}

// The tensors have the same order as on the device, so that neighbours can be
// copied at once.
Status ForwardComputation::PlaceStaged() {
  const bool one_chunk = chunking_.chunks.size() == 1;
  one_upload_ = one_chunk && x_.bytes + hx_.bytes <= kPieceBytes;
  one_download_ = one_chunk && y_.bytes + hy_.bytes <= kPieceBytes;
  PlaceAllocator places;
  x_.staging_offset = places.Take(chunking_.positions * bytes_.features);
  hx_.staging_offset = places.Take(hx_.bytes);
  y_.staging_offset = places.Take(
      tensors_.returns_sequences() ? chunking_.positions * bytes_.outputs : 0);
  hy_.staging_offset = places.Take(hy_.bytes);
  return staging_.Allocate(stream_.device, MemoryKind::kPinned, places.used());
}

Status ForwardComputation::ChooseAlgorithm(Chunk* chunk,
                                           DescriptorSet** descriptors) {
  for (;;) {
    chunk->algorithm =
        options_.only != nullptr
            ? *options_.only
            : stream_.device.algorithms().Choose(
                  ClassOf(settings_, *chunk, mode_), chunk->lengths);
    const Status status = stream_.FindDescriptors(settings_, chunking_, *chunk,
                                                  mode_, descriptors);
    if (!RuleOut(status, *chunk)) return status;
  }
}

// Rules out the chunk's algorithm when `status` says that it does not support
// the chunk. Returns whether another algorithm may be tried.
bool ForwardComputation::RuleOut(const Status& status, const Chunk& chunk) {
  if (status.remedy() != Remedy::kAnotherWay || options_.only != nullptr ||
      chunk.algorithm.id == abi::CUDNN_RNN_ALGO_STANDARD) {
    return false;
  }
  stream_.device.algorithms().RuleOut(chunk.algorithm,
                                      ClassOf(settings_, chunk, mode_));
  return true;
}

// Queues all work of the device.
Status ForwardComputation::Compute() {
  for (size_t c = 0; c < chunking_.chunks.size(); ++c) {
    CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kCopyIn));
    CUDNN_GRU_RETURN_IF_ERROR(one_upload_ ? UploadAtOnce() : UploadInPieces(c));
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kCompute));
    CUDNN_GRU_RETURN_IF_ERROR(Launch(c));
    if (Training()) continue;
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kCopyOut));
    CUDNN_GRU_RETURN_IF_ERROR(DownloadOutput(c));
  }
  if (Training()) {
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kCopyOut));
    for (size_t c = 0; c < chunking_.chunks.size(); ++c) {
      CUDNN_GRU_RETURN_IF_ERROR(DownloadOutput(c));
    }
  }
  if (tensors_.returns_sequences() && one_download_) {
    return stream_.Download(InStaging(y_), OnDevice(y_),
                            hy_.device_offset + hy_.bytes - y_.device_offset);
  }
  return stream_.Download(InStaging(hy_), OnDevice(hy_), hy_.bytes);
}

void ForwardComputation::PackStates() {
  if (!tensors_.has_initial_states()) return;
  DivideHostWork(options_.threads, chunking_.chunks[0].rows, hx_.bytes,
                 [&](size_t begin, size_t end) {
                   tensors_.PackInitialStates(begin, end, InStaging(hx_));
                 });
}

void ForwardComputation::PackInputs(const LineRange& lines) {
  char* const x = InStaging(x_) + lines.chunk->first_position * bytes_.features;
  DivideLines(options_.threads, lines, bytes_.features,
              [&](size_t begin, size_t end) {
                tensors_.PackInputs(*lines.chunk, begin, end, x);
              });
}

Status ForwardComputation::UploadAtOnce() {
  PackStates();
  PackInputs(AllLines(chunking_.chunks[0]));
  const StagedTensor& last = hx_.bytes == 0 ? x_ : hx_;
  return stream_.Upload(OnDevice(x_), InStaging(x_),
                        last.device_offset + last.bytes - x_.device_offset);
}

Status ForwardComputation::UploadInPieces(size_t c) {
  const Chunk& chunk = chunking_.chunks[c];
  if (c == 0) {
    PackStates();
    CUDNN_GRU_RETURN_IF_ERROR(
        stream_.Upload(OnDevice(hx_), InStaging(hx_), hx_.bytes));
  }
  char* const x = OnDevice(x_) + PositionOnDevice(chunk) * bytes_.features;
  const char* const host =
      InStaging(x_) + chunk.first_position * bytes_.features;
  for (const LineRange& piece : PiecesOf(chunking_, chunk, bytes_.features)) {
    PackInputs(piece);
    const size_t at = piece.first_position() * bytes_.features;
    CUDNN_GRU_RETURN_IF_ERROR(
        stream_.Upload(x + at, host + at, piece.positions() * bytes_.features));
  }
  return Status();
}

const char* ForwardComputation::StatesBefore(size_t c) const {
  if (c > 0) return StatesAfter(c - 1);
  return tensors_.has_initial_states() ? OnDevice(hx_) : nullptr;
}

Status ForwardComputation::Launch(size_t c) {
  const Chunk& chunk = chunking_.chunks[c];
  DescriptorSet& descriptors = *descriptors_[c];
  const KeptTensors::Reserve reserve =
      Training() ? kept_.reserves[c] : KeptTensors::Reserve{0, 0};
  const char* const x =
      OnDevice(x_) + PositionOnDevice(chunk) * bytes_.features;
  char* const y = OnDevice(y_) + PositionOnDevice(chunk) * bytes_.outputs;
  const char* const hx = StatesBefore(c);
  char* const hy = StatesAfter(c);
  char* const reserved =
      reserve.bytes == 0 ? nullptr : kept_.address(reserve.offset);
  const auto launch = [&] {
    return stream_.device.Check(
        stream_.device.cudnn().cudnnRNNForward(
            stream_.handle, descriptors.rnn(), mode_, nullptr, descriptors.x(),
            x, descriptors.y(), y, descriptors.h(), hx, hy, nullptr, nullptr,
            nullptr, weights_.layout().bytes, weights_.data(),
            descriptors.workspace_bytes(), workspace_.data(), reserve.bytes,
            reserved),
        "cudnnRNNForward");
  };
  stream_.busy = true;
  const Status status = chunking_.chunks.size() > 1
                            ? launch()
                            : stream_.Launch(&descriptors, LaunchStep::kForward,
                                             {x, y, hx, hy, weights_.data(),
                                              workspace_.data(), reserved},
                                             options_.trial, launch);
  ruled_out_ = RuleOut(status, chunk);
  return status;
}

Status ForwardComputation::DownloadOutput(size_t c) {
  if (!tensors_.returns_sequences() || one_download_) return Status();
  const Chunk& chunk = chunking_.chunks[c];
  return output_.Queue(chunk, bytes_.outputs,
                       OnDevice(y_) + PositionOnDevice(chunk) * bytes_.outputs,
                       InStaging(y_) + chunk.first_position * bytes_.outputs);
}

void ForwardComputation::UnpackOutput(const LineRange& lines) {
  const char* const y =
      InStaging(y_) + lines.chunk->first_position * bytes_.outputs;
  DivideLines(options_.threads, lines, bytes_.outputs,
              [&](size_t begin, size_t end) {
                tensors_.UnpackOutput(*lines.chunk, begin, end, y);
              });
}

// Unpacks everything that has not been unpacked yet.
void ForwardComputation::Finish() {
  const char* const hy = chunking_.chunks.empty() ? nullptr : InStaging(hy_);
  if (tensors_.returns_sequences() && one_download_) {
    UnpackOutput(AllLines(chunking_.chunks[0]));
  }
  const size_t rows = chunking_.batch;
  const size_t output_steps =
      tensors_.returns_sequences() ? chunking_.masked_steps() : rows;
  DivideHostWork(
      options_.threads, rows, output_steps * bytes_.outputs,
      [&](size_t begin, size_t end) { tensors_.FinishOutput(begin, end, hy); });
  DivideHostWork(
      options_.threads, rows, rows * bytes_.states,
      [&](size_t begin, size_t end) { tensors_.UnpackStates(begin, end, hy); });
}

Status RunForward(const ForwardRequest& request, Chunking* chunking,
                  KeptTensors* kept, CallStream& stream) {
  for (;;) {
    ForwardComputation computation(request, chunking, kept, stream);
    const Status status = computation.Run();
    if (!computation.ruled_out()) return status;
  }
}

}  // namespace cudnn_gru
