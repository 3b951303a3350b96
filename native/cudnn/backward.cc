#include "cudnn/backward.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "cudnn/call.h"
#include "cudnn/element.h"
#include "cudnn/fixups.h"
#include "cudnn/host_work.h"
#include "cudnn/pieces.h"
#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

// One backward call, from the host's gradients to the host's gradients.
class Backward {
 public:
  Backward(CudnnPass& pass, const GruGradients& gradients, int threads,
           const Cancellation* cancellation, Lane& lane)
      : pass_(pass),
        gradients_(gradients),
        threads_(threads),
        cancellation_(cancellation),
        lane_(lane),
        description_(pass.weights->description()),
        schedule_(pass.schedule),
        settings_(description_, pass.allow_tf32),
        element_(description_),
        fixups_(description_, pass.sizes, pass.schedule),
        pieces_(lane, pass.schedule) {}

  // `refill`: an attempt before this one has got as far as cuDNN, so that the
  // reserve spaces must be filled again.
  Status Run(bool refill) {
    refill_ = refill;
    CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
    if (schedule_.chunks.empty()) {
      pass_.used = true;
      FinishEmpty();
      return Status();
    }
    lane_.clock.Start();
    CUDNN_GRU_RETURN_IF_ERROR(Place());
    const Drain drain(lane_);
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCopyIn));
    CUDNN_GRU_RETURN_IF_ERROR(Upload());
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCompute));
    for (size_t c = schedule_.chunks.size(); c-- > 0;) {
      CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
      CUDNN_GRU_RETURN_IF_ERROR(Launch(c));
    }
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kCopyOut));
    CUDNN_GRU_RETURN_IF_ERROR(Download());
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kWait));
    CUDNN_GRU_RETURN_IF_ERROR(pieces_.Unpack(
        [&](const Lines& lines) { UnpackInputGradient(lines); }));
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Synchronize());
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kUnpack));
    Finish();
    lane_.clock.Stop();
    return Status();
  }

 private:
  // What the calls of cuDNN's for a chunk share: as in the forward call, unless
  // that had to be made again.
  struct Launched {
    const Plan* plan;
    char* reserve;
    char* workspace;
  };

  char* On(const Staged& tensor) const { return scratch_.data() + tensor.at; }
  char* Host(const Staged& tensor) const {
    return staged_.data() + tensor.staged_at;
  }
  size_t FeatureBytes() const {
    return description_.features * element_.device_size();
  }
  size_t UnitBytes() const {
    return description_.units * element_.device_size();
  }

  bool HasOutputGradient() const {
    return gradients_.d_output != nullptr && pass_.sizes.return_sequences;
  }

  Status Place() {
    dy_.bytes = schedule_.cells * UnitBytes();
    dx_.bytes = schedule_.cells * FeatureBytes();
    dhy_.bytes = schedule_.rows * UnitBytes();
    dhx_.bytes = schedule_.chunks[0].rows * UnitBytes();
    dweights_.bytes = pass_.weights->layout().bytes;
    // In the same order: what is next to each other goes in one copy.
    PlaceAllocator places;
    PlaceAllocator staged;
    for (Staged* tensor : {&dy_, &dhy_, &dx_, &dhx_, &dweights_}) {
      tensor->at = places.Take(tensor->bytes);
    }
    if (HasOutputGradient()) dy_.staged_at = staged.Take(dy_.bytes);
    dhy_.staged_at = staged.Take(dhy_.bytes);
    if (gradients_.d_inputs != nullptr) dx_.staged_at = staged.Take(dx_.bytes);
    dhx_.staged_at = staged.Take(dhx_.bytes);
    dweights_.staged_at = staged.Take(dweights_.bytes);
    size_t workspace = 1;
    for (size_t c = 0; c < schedule_.chunks.size(); ++c) {
      Plan* plan = nullptr;
      CUDNN_GRU_RETURN_IF_ERROR(FindPlan(lane_, settings_, schedule_,
                                         schedule_.chunks[c], true, &plan));
      plans_.push_back(plan);
      workspace = std::max(workspace, plan->workspace_bytes());
      if (plan->reserve_bytes() != pass_.kept.reserves[c].bytes) {
        return Status(StatusCode::kCudnn,
                      "Expected cuDNN to ask for the same reserve space in "
                      "backward as in forward but received another size");
      }
    }
    CUDNN_GRU_RETURN_IF_ERROR(
        scratch_.Allocate(lane_.device, MemoryKind::kDevice, places.used()));
    CUDNN_GRU_RETURN_IF_ERROR(
        workspace_.Allocate(lane_.device, MemoryKind::kDevice, workspace));
    return staged_.Allocate(lane_.device, MemoryKind::kPinned, staged.used());
  }

  Status Upload() {
    PackStateGradient();
    if (!HasOutputGradient()) {
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Zero(On(dy_), dy_.bytes));
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Upload(On(dhy_), Host(dhy_), dhy_.bytes));
    } else if (dy_.bytes + dhy_.bytes <= kPieceBytes) {
      PackOutputGradient();
      CUDNN_GRU_RETURN_IF_ERROR(
          lane_.Upload(On(dy_), Host(dy_), dhy_.at + dhy_.bytes - dy_.at));
    } else {
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Upload(On(dhy_), Host(dhy_), dhy_.bytes));
      PackOutputGradient();
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Upload(On(dy_), Host(dy_), dy_.bytes));
    }
    // cuDNN can only add to it.
    return lane_.Zero(On(dweights_), dweights_.bytes);
  }

  void PackStateGradient() {
    std::memset(Host(dhy_), 0, dhy_.bytes);
    DivideHostWork(threads_, schedule_.batch, schedule_.batch * UnitBytes(),
                   [&](size_t begin, size_t end) {
                     fixups_.PackStateGradient(begin, end, gradients_.d_output,
                                               gradients_.d_state, Host(dhy_));
                   });
  }

  void PackOutputGradient() {
    for (const Chunk& chunk : schedule_.chunks) {
      char* const dy = Host(dy_) + chunk.first_cell * UnitBytes();
      DivideLines(threads_, AllLines(chunk), UnitBytes(),
                  [&](size_t begin, size_t end) {
                    fixups_.PackOutputGradient(chunk, begin, end,
                                               gradients_.d_output, dy);
                  });
    }
    DivideHostWork(threads_, schedule_.batch,
                   schedule_.masked_steps() * UnitBytes(),
                   [&](size_t begin, size_t end) {
                     fixups_.AddMaskedGradients(begin, end, gradients_.d_output,
                                                Host(dy_));
                   });
  }

  size_t StateOffset(size_t c) const {
    return schedule_.chunks[c].first_row * UnitBytes();
  }
  // The states this chunk began with are those the chunk before ended with, and
  // so for their gradients; rows that ended there keep theirs.
  const char* StatesBefore(size_t c) const {
    const KeptTensors& kept = pass_.kept;
    if (c > 0) return kept.at(kept.hy) + StateOffset(c - 1);
    return pass_.has_initial_state ? kept.at(kept.hx) : nullptr;
  }
  char* GradientBefore(size_t c) const {
    return c > 0 ? On(dhy_) + StateOffset(c - 1) : On(dhx_);
  }
  char* KeptX(size_t c) const {
    return pass_.kept.at(pass_.kept.x) +
           schedule_.chunks[c].first_cell * FeatureBytes();
  }
  char* KeptY(size_t c) const {
    return pass_.kept.at(pass_.kept.y) +
           schedule_.chunks[c].first_cell * UnitBytes();
  }

  Status Launch(size_t c) {
    const Chunk& chunk = schedule_.chunks[c];
    Launched launched = {plans_[c], pass_.kept.at(pass_.kept.reserves[c].at),
                         workspace_.data()};
    lane_.busy = true;
    if (refill_) {
      CUDNN_GRU_RETURN_IF_ERROR(ForwardAgain(c, launched));
    }
    Status status = LaunchData(c, launched);
    if (status.remedy() == Remedy::kAnotherWay &&
        chunk.algorithm.id != abi::CUDNN_RNN_ALGO_STANDARD) {
      lane_.device.algorithms().RuleOut(chunk.algorithm,
                                        ClassOf(settings_, chunk, true));
      CUDNN_GRU_RETURN_IF_ERROR(ForwardByStandard(c, &launched));
      status = LaunchData(c, launched);
    }
    CUDNN_GRU_RETURN_IF_ERROR(status);
    const size_t weight_bytes = pass_.weights->layout().bytes;
    const Plan& plan = *launched.plan;
    return lane_.device.Check(
        lane_.device.cudnn().cudnnRNNBackwardWeights_v8(
            lane_.handle, plan.rnn(), abi::CUDNN_WGRAD_MODE_ADD, nullptr,
            plan.x(), KeptX(c), plan.h(), StatesBefore(c), plan.y(), KeptY(c),
            weight_bytes, On(dweights_), plan.workspace_bytes(),
            launched.workspace, plan.reserve_bytes(), launched.reserve),
        "cudnnRNNBackwardWeights_v8");
  }

  Status LaunchData(size_t c, const Launched& launched) {
    const size_t first_cell = schedule_.chunks[c].first_cell;
    const Plan& plan = *launched.plan;
    const Status status = lane_.device.Check(
        lane_.device.cudnn().cudnnRNNBackwardData_v8(
            lane_.handle, plan.rnn(), nullptr, plan.y(), KeptY(c),
            On(dy_) + first_cell * UnitBytes(), plan.x(),
            On(dx_) + first_cell * FeatureBytes(), plan.h(), StatesBefore(c),
            On(dhy_) + StateOffset(c), GradientBefore(c), nullptr, nullptr,
            nullptr, nullptr, pass_.weights->layout().bytes,
            pass_.weights->data(), plan.workspace_bytes(), launched.workspace,
            plan.reserve_bytes(), launched.reserve),
        "cudnnRNNBackwardData_v8");
    if (status.remedy() != Remedy::kAnotherWay) pass_.used = true;
    return status;
  }

  // An algorithm that took the forward call refuses the backward call: the
  // standard one computes the chunk's forward call again. The order of the
  // tensors stays.
  Status ForwardByStandard(size_t c, Launched* launched) {
    Chunk chunk = schedule_.chunks[c];
    chunk.algorithm.id = abi::CUDNN_RNN_ALGO_STANDARD;
    Plan* plan = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(
        FindPlan(lane_, settings_, schedule_, chunk, true, &plan));
    PlaceAllocator places;
    const size_t workspace = places.Take(plan->workspace_bytes());
    const size_t reserve = places.Take(plan->reserve_bytes());
    again_.push_back(std::make_unique<DeviceBuffer>());
    DeviceBuffer& buffer = *again_.back();
    CUDNN_GRU_RETURN_IF_ERROR(
        buffer.Allocate(lane_.device, MemoryKind::kDevice, places.used()));
    *launched = {plan, buffer.data() + reserve, buffer.data() + workspace};
    return ForwardAgain(c, *launched);
  }

  // Fills the reserve space, from the tensors that are kept.
  Status ForwardAgain(size_t c, const Launched& launched) {
    const Plan& plan = *launched.plan;
    return lane_.device.Check(
        lane_.device.cudnn().cudnnRNNForward(
            lane_.handle, plan.rnn(), abi::CUDNN_FWD_MODE_TRAINING, nullptr,
            plan.x(), KeptX(c), plan.y(), KeptY(c), plan.h(), StatesBefore(c),
            pass_.kept.at(pass_.kept.hy) + StateOffset(c), nullptr, nullptr,
            nullptr, pass_.weights->layout().bytes, pass_.weights->data(),
            plan.workspace_bytes(), launched.workspace, plan.reserve_bytes(),
            launched.reserve),
        "cudnnRNNForward");
  }

  // dx alone can be large.
  Status Download() {
    const size_t end = dweights_.at + dweights_.bytes;
    if (gradients_.d_inputs != nullptr) {
      if (end - dx_.at <= kPieceBytes) {
        one_download_ = true;
        return lane_.Download(Host(dx_), On(dx_), end - dx_.at);
      }
      for (const Chunk& chunk : schedule_.chunks) {
        const size_t at = chunk.first_cell * FeatureBytes();
        CUDNN_GRU_RETURN_IF_ERROR(
            pieces_.Queue(chunk, FeatureBytes(), On(dx_) + at, Host(dx_) + at));
      }
    }
    return lane_.Download(Host(dhx_), On(dhx_), end - dhx_.at);
  }

  void UnpackInputGradient(const Lines& lines) {
    const char* const dx = Host(dx_) + lines.chunk->first_cell * FeatureBytes();
    DivideLines(threads_, lines, FeatureBytes(), [&](size_t begin, size_t end) {
      fixups_.UnpackInputGradient(*lines.chunk, begin, end, dx,
                                  gradients_.d_inputs);
    });
  }

  void Finish() {
    if (one_download_) {
      for (const Chunk& chunk : schedule_.chunks) {
        UnpackInputGradient(AllLines(chunk));
      }
    }
    if (gradients_.d_inputs != nullptr) ZeroMaskedGradients();
    if (gradients_.d_initial_state != nullptr) {
      UnpackInitialStateGradient(Host(dhx_));
    }
    UnpackWeights(
        description_, pass_.weights->layout(), Host(dweights_),
        {gradients_.d_kernel, gradients_.d_recurrent_kernel, gradients_.d_bias},
        threads_);
  }

  void ZeroMaskedGradients() {
    DivideHostWork(
        threads_, schedule_.batch, schedule_.masked_steps() * FeatureBytes(),
        [&](size_t begin, size_t end) {
          fixups_.ZeroMaskedGradients(begin, end, gradients_.d_inputs);
        });
  }

  // `dhx` is null when no row has a step.
  void UnpackInitialStateGradient(const char* dhx) {
    DivideHostWork(threads_, schedule_.batch, schedule_.batch * UnitBytes(),
                   [&](size_t begin, size_t end) {
                     fixups_.UnpackInitialStateGradient(
                         begin, end, dhx, gradients_.d_state,
                         gradients_.d_initial_state);
                   });
  }

  // No row has a step: the state is the initial state, and nothing else
  // depends on anything.
  void FinishEmpty() {
    const size_t row = 3 * description_.units;
    const auto zero = [&](void* tensor, size_t n) {
      if (tensor != nullptr) element_.ZeroHost(tensor, 0, n);
    };
    if (gradients_.d_inputs != nullptr) ZeroMaskedGradients();
    zero(gradients_.d_kernel, description_.features * row);
    zero(gradients_.d_recurrent_kernel, description_.units * row);
    zero(gradients_.d_bias, 2 * row);
    if (gradients_.d_initial_state != nullptr) {
      UnpackInitialStateGradient(nullptr);
    }
  }

  CudnnPass& pass_;
  const GruGradients& gradients_;
  const int threads_;
  const Cancellation* const cancellation_;
  Lane& lane_;
  const GruDescription& description_;
  const Schedule& schedule_;
  const RnnSettings settings_;
  const Element element_;
  const Fixups fixups_;
  DeviceBuffer scratch_;
  DeviceBuffer workspace_;
  DeviceBuffer staged_;  // pinned
  std::vector<std::unique_ptr<DeviceBuffer>> again_;
  std::vector<Plan*> plans_;  // by chunk
  PieceDownload pieces_;      // of dx
  Staged dy_;
  Staged dx_;
  Staged dhy_;
  Staged dhx_;
  Staged dweights_;
  bool one_download_ = false;
  bool refill_ = false;
};

}  // namespace

Status CudnnPass::Backward(const GruGradients& gradients, int threads,
                           const Cancellation* cancellation) {
  return BackwardOnCudnn(*this, gradients, threads, cancellation);
}

Status BackwardOnCudnn(CudnnPass& pass, const GruGradients& gradients,
                       int threads, const Cancellation* cancellation) {
  if (pass.used) return CudnnPass::Spent();
  return RunOnDevice(pass.device, cancellation, [&](Lane& lane) {
    return Backward(pass, gradients, threads, cancellation, lane)
        .Run(pass.used);
  });
}

}  // namespace cudnn_gru
