#include "cudnn/forward_pass.h"

#include <algorithm>

#include "cudnn/host_work.h"
#include "cudnn/result.h"

namespace cudnn_gru {

ForwardPass::ForwardPass(const ForwardRequest& request, Schedule* schedule,
                         KeptTensors* kept, bool training, Lane& lane)
    : weights_(request.weights),
      description_(request.weights.description()),
      call_(request.call),
      options_(request.options),
      cancellation_(request.cancellation),
      schedule_(*schedule),
      kept_(*kept),
      training_(training),
      lane_(lane),
      settings_(description_, request.options.allow_tf32),
      element_(description_),
      fixups_(description_, request.call, *schedule),
      output_(lane, *schedule) {}

Status ForwardPass::Run() {
  // Nothing to compute when every row is empty; cuDNN would fail.
  if (schedule_.chunks.empty()) {
    Finish();
    return Status();
  }
  CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
  CUDNN_GRU_RETURN_IF_ERROR(weights_.Upload(lane_, options_.threads));
  lane_.clock.Start();
  CUDNN_GRU_RETURN_IF_ERROR(Place());
  const Drain drain(lane_);
  CUDNN_GRU_RETURN_IF_ERROR(Compute());
  CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kWait));
  CUDNN_GRU_RETURN_IF_ERROR(
      output_.Unpack([&](const Lines& lines) { UnpackOutput(lines); }));
  CUDNN_GRU_RETURN_IF_ERROR(lane_.Synchronize());
  CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kUnpack));
  Finish();
  lane_.clock.Stop();
  return Status();
}

// Chooses algorithms, asks for sizes and takes memory.
Status ForwardPass::Place() {
  const size_t cells = training_ ? schedule_.cells : schedule_.largest_chunk();
  x_.bytes = cells * FeatureBytes();
  hx_.bytes = call_.initial_state == nullptr
                  ? 0
                  : schedule_.chunks[0].rows * UnitBytes();
  y_.bytes = cells * UnitBytes();
  hy_.bytes = schedule_.rows * UnitBytes();
  PlaceAllocator places;
  for (Staged* tensor : {&x_, &hx_, &y_, &hy_}) {
    tensor->at = places.Take(tensor->bytes);
  }
  kept_.x = x_.at;
  kept_.hx = hx_.at;
  kept_.y = y_.at;
  kept_.hy = hy_.at;
  kept_.reserves.clear();
  size_t workspace = 1;
  for (Chunk& chunk : schedule_.chunks) {
    Plan* plan = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(ChoosePlan(&chunk, &plan));
    plans_.push_back(plan);
    workspace = std::max(workspace, plan->workspace_bytes());
    if (training_) {
      kept_.reserves.push_back(
          {places.Take(plan->reserve_bytes()), plan->reserve_bytes()});
    }
  }
  CUDNN_GRU_RETURN_IF_ERROR(
      kept_.buffer.Allocate(lane_.device, MemoryKind::kDevice, places.used()));
  CUDNN_GRU_RETURN_IF_ERROR(
      workspace_.Allocate(lane_.device, MemoryKind::kDevice, workspace));
  return PlaceStaged();
}

// In the device's order: what is next to each other there goes in one copy.
Status ForwardPass::PlaceStaged() {
  const bool one_chunk = schedule_.chunks.size() == 1;
  one_upload_ = one_chunk && x_.bytes + hx_.bytes <= kPieceBytes;
  one_download_ = one_chunk && y_.bytes + hy_.bytes <= kPieceBytes;
  PlaceAllocator places;
  x_.staged_at = places.Take(schedule_.cells * FeatureBytes());
  hx_.staged_at = places.Take(hx_.bytes);
  y_.staged_at =
      places.Take(call_.return_sequences ? schedule_.cells * UnitBytes() : 0);
  hy_.staged_at = places.Take(hy_.bytes);
  return staged_.Allocate(lane_.device, MemoryKind::kPinned, places.used());
}

Status ForwardPass::ChoosePlan(Chunk* chunk, Plan** plan) {
  for (;;) {
    chunk->algorithm =
        options_.only != nullptr
            ? *options_.only
            : lane_.device.algorithms().Choose(
                  ClassOf(settings_, *chunk, training_), chunk->equal_lengths);
    const Status status =
        FindPlan(lane_, settings_, schedule_, *chunk, training_, plan);
    if (!RuleOut(status, *chunk)) return status;
  }
}

// Whether `status` says that another algorithm may take the chunk.
bool ForwardPass::RuleOut(const Status& status, const Chunk& chunk) {
  if (status.remedy() != Remedy::kAnotherWay || options_.only != nullptr ||
      chunk.algorithm.id == abi::CUDNN_RNN_ALGO_STANDARD) {
    return false;
  }
  lane_.device.algorithms().RuleOut(chunk.algorithm,
                                    ClassOf(settings_, chunk, training_));
  return true;
}

// Queues everything that the device has to do.
Status ForwardPass::Compute() {
  for (size_t c = 0; c < schedule_.chunks.size(); ++c) {
    CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCopyIn));
    CUDNN_GRU_RETURN_IF_ERROR(one_upload_ ? UploadAtOnce() : UploadInPieces(c));
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCompute));
    CUDNN_GRU_RETURN_IF_ERROR(Launch(c));
    if (training_) continue;
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCopyOut));
    CUDNN_GRU_RETURN_IF_ERROR(DownloadOutput(c));
  }
  if (training_) {
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCopyOut));
    for (size_t c = 0; c < schedule_.chunks.size(); ++c) {
      CUDNN_GRU_RETURN_IF_ERROR(DownloadOutput(c));
    }
  }
  if (call_.return_sequences && one_download_) {
    return lane_.Download(Host(y_), On(y_), hy_.at + hy_.bytes - y_.at);
  }
  return lane_.Download(Host(hy_), On(hy_), hy_.bytes);
}

void ForwardPass::PackStates() {
  if (call_.initial_state == nullptr) return;
  DivideHostWork(options_.threads, schedule_.chunks[0].rows, hx_.bytes,
                 [&](size_t begin, size_t end) {
                   fixups_.PackInitialState(begin, end, call_.initial_state,
                                            Host(hx_));
                 });
}

void ForwardPass::PackInputs(const Lines& lines) {
  char* const x = Host(x_) + lines.chunk->first_cell * FeatureBytes();
  DivideLines(options_.threads, lines, FeatureBytes(),
              [&](size_t begin, size_t end) {
                fixups_.PackInputs(*lines.chunk, begin, end, call_.inputs, x);
              });
}

Status ForwardPass::UploadAtOnce() {
  PackStates();
  PackInputs(AllLines(schedule_.chunks[0]));
  const Staged& last = hx_.bytes == 0 ? x_ : hx_;
  return lane_.Upload(On(x_), Host(x_), last.at + last.bytes - x_.at);
}

Status ForwardPass::UploadInPieces(size_t c) {
  const Chunk& chunk = schedule_.chunks[c];
  if (c == 0) {
    PackStates();
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Upload(On(hx_), Host(hx_), hx_.bytes));
  }
  char* const x = On(x_) + CellOnDevice(chunk) * FeatureBytes();
  const char* const host = Host(x_) + chunk.first_cell * FeatureBytes();
  for (const Lines& piece : PiecesOf(schedule_, chunk, FeatureBytes())) {
    PackInputs(piece);
    const size_t at = piece.first_cell() * FeatureBytes();
    CUDNN_GRU_RETURN_IF_ERROR(
        lane_.Upload(x + at, host + at, piece.cells() * FeatureBytes()));
  }
  return Status();
}

const char* ForwardPass::StatesBefore(size_t c) const {
  if (c > 0) return StatesAfter(c - 1);
  return call_.initial_state == nullptr ? nullptr : On(hx_);
}

Status ForwardPass::Launch(size_t c) {
  const Chunk& chunk = schedule_.chunks[c];
  const Plan& plan = *plans_[c];
  const KeptTensors::Reserve reserve =
      training_ ? kept_.reserves[c] : KeptTensors::Reserve{0, 0};
  lane_.busy = true;
  const Status status = lane_.device.Check(
      lane_.device.cudnn().cudnnRNNForward(
          lane_.handle, plan.rnn(),
          training_ ? abi::CUDNN_FWD_MODE_TRAINING
                    : abi::CUDNN_FWD_MODE_INFERENCE,
          nullptr, plan.x(), On(x_) + CellOnDevice(chunk) * FeatureBytes(),
          plan.y(), On(y_) + CellOnDevice(chunk) * UnitBytes(), plan.h(),
          StatesBefore(c), StatesAfter(c), nullptr, nullptr, nullptr,
          weights_.layout().bytes, weights_.data(), plan.workspace_bytes(),
          workspace_.data(), reserve.bytes,
          reserve.bytes == 0 ? nullptr : kept_.at(reserve.at)),
      "cudnnRNNForward");
  ruled_out_ = RuleOut(status, chunk);
  return status;
}

Status ForwardPass::DownloadOutput(size_t c) {
  if (!call_.return_sequences || one_download_) return Status();
  const Chunk& chunk = schedule_.chunks[c];
  return output_.Queue(chunk, UnitBytes(),
                       On(y_) + CellOnDevice(chunk) * UnitBytes(),
                       Host(y_) + chunk.first_cell * UnitBytes());
}

void ForwardPass::UnpackOutput(const Lines& lines) {
  const char* const y = Host(y_) + lines.chunk->first_cell * UnitBytes();
  DivideLines(options_.threads, lines, UnitBytes(),
              [&](size_t begin, size_t end) {
                fixups_.UnpackOutput(*lines.chunk, begin, end, y, call_.output);
              });
}

// Everything that has not been unpacked. The output first: `state` may be the
// initial state, and is read until then.
void ForwardPass::Finish() {
  const char* const hy = schedule_.chunks.empty() ? nullptr : Host(hy_);
  if (call_.return_sequences && one_download_) {
    UnpackOutput(AllLines(schedule_.chunks[0]));
  }
  const size_t rows = schedule_.batch;
  const size_t row_bytes = description_.units * element_.host_size();
  if (call_.return_sequences) {
    DivideHostWork(options_.threads, rows, schedule_.masked_steps() * row_bytes,
                   [&](size_t begin, size_t end) {
                     fixups_.FillMaskedOutputs(begin, end, call_.output);
                   });
  } else {
    DivideHostWork(options_.threads, rows, rows * row_bytes,
                   [&](size_t begin, size_t end) {
                     fixups_.UnpackLastOutput(begin, end, hy, call_.output);
                   });
  }
  DivideHostWork(
      options_.threads, rows, rows * row_bytes, [&](size_t begin, size_t end) {
        fixups_.UnpackState(begin, end, hy, call_.initial_state, call_.state);
      });
}

}  // namespace cudnn_gru
