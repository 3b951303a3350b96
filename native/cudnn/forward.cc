#include "cudnn/forward.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "cudnn/call.h"
#include "cudnn/element.h"
#include "cudnn/fixups.h"
#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

// Inputs go to the device in pieces of this size, each while the next one is
// copied to pinned memory.
constexpr size_t kUploadBytes = static_cast<size_t>(4) << 20;

Status NoCudnnForm(const char* expected) {
  return Status(StatusCode::kArgument,
                std::string("Expected ") + expected +
                    " for a call with cuDNN but received another");
}

Status CheckForm(const GruDescription& description, const GruCall& call) {
  constexpr size_t kLargest = std::numeric_limits<int32_t>::max();
  if (description.activation.kind != Activation::kTanh ||
      description.recurrent_activation.kind != Activation::kSigmoid) {
    return NoCudnnForm("the activations tanh and sigmoid");
  }
  if (!description.reset_after) return NoCudnnForm("`reset_after`");
  if (call.input_dropout != nullptr || call.recurrent_dropout != nullptr) {
    return NoCudnnForm("no dropout");
  }
  if (call.batch == 0 || description.features == 0) {
    return NoCudnnForm("at least one row and one feature");
  }
  if (description.features > kLargest || call.timesteps > kLargest ||
      description.units > kLargest / call.batch) {
    return NoCudnnForm("sizes of at most 31 bits");
  }
  return Status();
}

// One forward call, from the host's tensors to the host's tensors.
class Forward {
 public:
  Forward(CudnnWeights& weights, const GruCall& call,
          const CudnnOptions& options, const Cancellation* cancellation,
          const Schedule& schedule, KeptTensors* kept, bool training,
          Lane& lane)
      : weights_(weights),
        description_(weights.description()),
        call_(call),
        cancellation_(cancellation),
        schedule_(schedule),
        kept_(*kept),
        training_(training),
        lane_(lane),
        settings_(description_, options.allow_tf32),
        element_(description_),
        fixups_(description_, call, schedule) {}

  Status Run() {
    // Nothing to compute when every row is empty; cuDNN would fail.
    if (schedule_.chunks.empty()) {
      Finish(nullptr, nullptr);
      return Status();
    }
    CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
    CUDNN_GRU_RETURN_IF_ERROR(weights_.Upload(lane_));
    lane_.clock.Start();
    CUDNN_GRU_RETURN_IF_ERROR(Place());
    const Drain drain(lane_);
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCopyIn));
    CUDNN_GRU_RETURN_IF_ERROR(UploadStates());
    for (size_t c = 0; c < schedule_.chunks.size(); ++c) {
      CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
      if (c > 0) CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCopyIn));
      CUDNN_GRU_RETURN_IF_ERROR(UploadInputs(schedule_.chunks[c]));
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCompute));
      CUDNN_GRU_RETURN_IF_ERROR(Launch(c));
    }
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCopyOut));
    char* const y = staged_.data() + staged_y_;
    char* const hy = staged_.data() + staged_hy_;
    if (call_.return_sequences) {
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Download(y, kept_.at(kept_.y), y_bytes_));
    }
    CUDNN_GRU_RETURN_IF_ERROR(
        lane_.Download(hy, kept_.at(kept_.hy), hy_bytes_));
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kWait));
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Synchronize());
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kUnpack));
    Finish(y, hy);
    lane_.clock.Stop();
    return Status();
  }

 private:
  // Asks for sizes and takes memory.
  Status Place() {
    const size_t size = element_.device_size();
    x_bytes_ = schedule_.cells * description_.features * size;
    y_bytes_ = schedule_.cells * description_.units * size;
    hy_bytes_ = schedule_.rows * description_.units * size;
    hx_bytes_ = call_.initial_state == nullptr
                    ? 0
                    : schedule_.chunks[0].rows * description_.units * size;
    PlaceAllocator places;
    kept_.x = places.Take(x_bytes_);
    kept_.hx = places.Take(hx_bytes_);
    kept_.y = places.Take(y_bytes_);
    kept_.hy = places.Take(hy_bytes_);
    kept_.reserves.clear();
    size_t workspace = 1;
    for (const Chunk& chunk : schedule_.chunks) {
      Plan* plan = nullptr;
      CUDNN_GRU_RETURN_IF_ERROR(
          FindPlan(lane_, settings_, schedule_, chunk, training_, &plan));
      workspace = std::max(workspace, plan->workspace_bytes());
      if (training_) {
        kept_.reserves.push_back(
            {places.Take(plan->reserve_bytes()), plan->reserve_bytes()});
      }
    }
    CUDNN_GRU_RETURN_IF_ERROR(kept_.buffer.Allocate(
        lane_.device, MemoryKind::kDevice, places.used()));
    CUDNN_GRU_RETURN_IF_ERROR(
        workspace_.Allocate(lane_.device, MemoryKind::kDevice, workspace));
    PlaceAllocator staged;
    staged_x_ = staged.Take(x_bytes_);
    staged_hx_ = staged.Take(hx_bytes_);
    staged_y_ = staged.Take(call_.return_sequences ? y_bytes_ : 0);
    staged_hy_ = staged.Take(hy_bytes_);
    return staged_.Allocate(lane_.device, MemoryKind::kPinned, staged.used());
  }

  Status UploadStates() {
    if (call_.initial_state == nullptr) return Status();
    char* const hx = staged_.data() + staged_hx_;
    fixups_.PackInitialState(call_.initial_state, hx);
    return lane_.Upload(kept_.at(kept_.hx), hx, hx_bytes_);
  }

  Status UploadInputs(const Chunk& chunk) {
    const size_t row_bytes =
        chunk.timesteps * description_.features * element_.device_size();
    const size_t offset =
        chunk.first_cell * description_.features * element_.device_size();
    char* const staged = staged_.data() + staged_x_ + offset;
    char* const x = kept_.at(kept_.x) + offset;
    const size_t rows = std::max<size_t>(kUploadBytes / row_bytes, 1);
    for (size_t row = 0; row < chunk.rows; row += rows) {
      const size_t end = std::min(row + rows, chunk.rows);
      fixups_.PackInputs(chunk, row, end, call_.inputs, staged);
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Upload(x + row * row_bytes,
                                             staged + row * row_bytes,
                                             (end - row) * row_bytes));
    }
    return Status();
  }

  // The states that a chunk starts from: those the chunk before ended with.
  const char* StatesBefore(size_t c) const {
    if (c > 0) return StatesAfter(c - 1);
    return call_.initial_state == nullptr ? nullptr : kept_.at(kept_.hx);
  }
  char* StatesAfter(size_t c) const {
    return kept_.at(kept_.hy) + schedule_.chunks[c].first_row *
                                    description_.units * element_.device_size();
  }

  Status Launch(size_t c) {
    const Chunk& chunk = schedule_.chunks[c];
    Plan* plan = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(
        FindPlan(lane_, settings_, schedule_, chunk, training_, &plan));
    const size_t cell = chunk.first_cell * element_.device_size();
    const KeptTensors::Reserve reserve =
        training_ ? kept_.reserves[c] : KeptTensors::Reserve{0, 0};
    lane_.busy = true;
    return lane_.device.Check(
        lane_.device.cudnn().cudnnRNNForward(
            lane_.handle, plan->rnn(),
            training_ ? abi::CUDNN_FWD_MODE_TRAINING
                      : abi::CUDNN_FWD_MODE_INFERENCE,
            nullptr, plan->x(),
            kept_.at(kept_.x) + cell * description_.features, plan->y(),
            kept_.at(kept_.y) + cell * description_.units, plan->h(),
            StatesBefore(c), StatesAfter(c), nullptr, nullptr, nullptr,
            weights_.layout().bytes, weights_.data(), plan->workspace_bytes(),
            workspace_.data(), reserve.bytes,
            reserve.bytes == 0 ? nullptr : kept_.at(reserve.at)),
        "cudnnRNNForward");
  }

  // The output first: `state` may be the initial state, and is read until then.
  void Finish(const char* y, const char* hy) {
    fixups_.UnpackOutput(y, hy, call_.output);
    fixups_.UnpackState(hy, call_.initial_state, call_.state);
  }

  CudnnWeights& weights_;
  const GruDescription& description_;
  const GruCall& call_;
  const Cancellation* const cancellation_;
  const Schedule& schedule_;
  KeptTensors& kept_;
  const bool training_;
  Lane& lane_;
  const RnnSettings settings_;
  const Element element_;
  const Fixups fixups_;
  DeviceBuffer workspace_;
  DeviceBuffer staged_;  // pinned
  size_t x_bytes_ = 0;
  size_t hx_bytes_ = 0;
  size_t y_bytes_ = 0;
  size_t hy_bytes_ = 0;
  size_t staged_x_ = 0;
  size_t staged_hx_ = 0;
  size_t staged_y_ = 0;
  size_t staged_hy_ = 0;
};

GruCall WithoutPointers(const GruCall& call) {
  GruCall facts;
  facts.batch = call.batch;
  facts.timesteps = call.timesteps;
  facts.return_sequences = call.return_sequences;
  facts.go_backwards = call.go_backwards;
  facts.zero_output_for_mask = call.zero_output_for_mask;
  return facts;
}

}  // namespace

Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation) {
  CUDNN_GRU_RETURN_IF_ERROR(CheckForm(weights->description(), call));
  Device* device = nullptr;
  CUDNN_GRU_RETURN_IF_ERROR(Device::Get(weights->device_index(), &device));
  return RunOnDevice(*device, [&](Lane& lane) {
    CUDNN_GRU_RETURN_IF_ERROR(
        MakeSchedule(call, kMaxChunkTimesteps, &lane.schedule));
    KeptTensors kept;
    return Forward(*weights, call, options, cancellation, lane.schedule, &kept,
                   false, lane)
        .Run();
  });
}

Status ForwardOnCudnn(const std::shared_ptr<CudnnWeights>& weights,
                      const GruCall& call, const CudnnOptions& options,
                      const Cancellation* cancellation,
                      std::unique_ptr<CudnnTape>* tape) {
  CUDNN_GRU_RETURN_IF_ERROR(CheckForm(weights->description(), call));
  Device* device = nullptr;
  CUDNN_GRU_RETURN_IF_ERROR(Device::Get(weights->device_index(), &device));
  return RunOnDevice(*device, [&](Lane& lane) {
    auto made = std::make_unique<CudnnTape>(*device, weights);
    made->sizes = WithoutPointers(call);
    made->has_initial_state = call.initial_state != nullptr;
    made->allow_tf32 = options.allow_tf32;
    CUDNN_GRU_RETURN_IF_ERROR(
        MakeSchedule(call, kMaxChunkTimesteps, &made->schedule));
    CUDNN_GRU_RETURN_IF_ERROR(Forward(*weights, call, options, cancellation,
                                      made->schedule, &made->kept, true, lane)
                                  .Run());
    *tape = std::move(made);
    return Status();
  });
}

}  // namespace cudnn_gru
