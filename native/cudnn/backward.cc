#include "cudnn/backward.h"

#include <algorithm>

#include "cudnn/call.h"
#include "cudnn/element.h"
#include "cudnn/fixups.h"
#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

// One backward call, from the host's gradients to the host's gradients.
class Backward {
 public:
  Backward(CudnnTape& tape, const GruGradients& gradients,
           const Cancellation* cancellation, Lane& lane)
      : tape_(tape),
        gradients_(gradients),
        cancellation_(cancellation),
        lane_(lane),
        description_(tape.weights->description()),
        schedule_(tape.schedule),
        settings_(description_, tape.allow_tf32),
        element_(description_),
        fixups_(description_, tape.sizes, tape.schedule) {}

  Status Run() {
    if (tape_.used) return CudnnTape::Spent();
    CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
    if (schedule_.chunks.empty()) {
      tape_.used = true;
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
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Synchronize());
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Enter(Stage::kUnpack));
    Finish();
    lane_.clock.Stop();
    return Status();
  }

 private:
  // A tensor of this call, on the device and in pinned memory.
  struct Tensor {
    size_t bytes = 0;
    size_t at = 0;
    size_t staged_at = 0;
  };

  char* On(const Tensor& tensor) const { return scratch_.data() + tensor.at; }
  char* Staged(const Tensor& tensor) const {
    return staged_.data() + tensor.staged_at;
  }

  bool HasOutputGradient() const {
    return gradients_.d_output != nullptr && tape_.sizes.return_sequences;
  }

  Status Place() {
    const size_t size = element_.device_size();
    const size_t units = description_.units;
    dy_.bytes = schedule_.cells * units * size;
    dx_.bytes = schedule_.cells * description_.features * size;
    dhy_.bytes = schedule_.rows * units * size;
    dhx_.bytes = schedule_.chunks[0].rows * units * size;
    dweights_.bytes = tape_.weights->layout().bytes;
    PlaceAllocator places;
    PlaceAllocator staged;
    for (Tensor* tensor : {&dy_, &dx_, &dhy_, &dhx_, &dweights_}) {
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
      workspace = std::max(workspace, plan->workspace_bytes());
      if (plan->reserve_bytes() != tape_.kept.reserves[c].bytes) {
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
    if (HasOutputGradient()) {
      fixups_.PackOutputGradient(gradients_.d_output, Staged(dy_));
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Upload(On(dy_), Staged(dy_), dy_.bytes));
    } else {
      CUDNN_GRU_RETURN_IF_ERROR(lane_.Zero(On(dy_), dy_.bytes));
    }
    fixups_.PackStateGradient(gradients_.d_output, gradients_.d_state,
                              Staged(dhy_));
    CUDNN_GRU_RETURN_IF_ERROR(lane_.Upload(On(dhy_), Staged(dhy_), dhy_.bytes));
    // cuDNN can only add to it.
    return lane_.Zero(On(dweights_), dweights_.bytes);
  }

  size_t StateOffset(size_t c) const {
    return schedule_.chunks[c].first_row * description_.units *
           element_.device_size();
  }

  Status Launch(size_t c) {
    const Chunk& chunk = schedule_.chunks[c];
    Plan* plan = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(
        FindPlan(lane_, settings_, schedule_, chunk, true, &plan));
    const CudnnLibrary& cudnn = lane_.device.cudnn();
    const KeptTensors& kept = tape_.kept;
    const size_t cell = chunk.first_cell * element_.device_size();
    const size_t x_offset = cell * description_.features;
    const size_t y_offset = cell * description_.units;
    const char* hx = tape_.has_initial_state ? kept.at(kept.hx) : nullptr;
    char* dhx = On(dhx_);
    if (c > 0) {
      // The states this chunk began with are those the chunk before ended
      // with, and so for their gradients; rows that ended there keep theirs.
      hx = kept.at(kept.hy) + StateOffset(c - 1);
      dhx = On(dhy_) + StateOffset(c - 1);
    }
    const size_t weight_bytes = tape_.weights->layout().bytes;
    char* const reserve = kept.at(kept.reserves[c].at);
    tape_.used = true;
    lane_.busy = true;
    CUDNN_GRU_RETURN_IF_ERROR(lane_.device.Check(
        cudnn.cudnnRNNBackwardData_v8(
            lane_.handle, plan->rnn(), nullptr, plan->y(),
            kept.at(kept.y) + y_offset, On(dy_) + y_offset, plan->x(),
            On(dx_) + x_offset, plan->h(), hx, On(dhy_) + StateOffset(c), dhx,
            nullptr, nullptr, nullptr, nullptr, weight_bytes,
            tape_.weights->data(), plan->workspace_bytes(), workspace_.data(),
            plan->reserve_bytes(), reserve),
        "cudnnRNNBackwardData_v8"));
    return lane_.device.Check(
        cudnn.cudnnRNNBackwardWeights_v8(
            lane_.handle, plan->rnn(), abi::CUDNN_WGRAD_MODE_ADD, nullptr,
            plan->x(), kept.at(kept.x) + x_offset, plan->h(), hx, plan->y(),
            kept.at(kept.y) + y_offset, weight_bytes, On(dweights_),
            plan->workspace_bytes(), workspace_.data(), plan->reserve_bytes(),
            reserve),
        "cudnnRNNBackwardWeights_v8");
  }

  Status Download() {
    if (gradients_.d_inputs != nullptr) {
      CUDNN_GRU_RETURN_IF_ERROR(
          lane_.Download(Staged(dx_), On(dx_), dx_.bytes));
    }
    CUDNN_GRU_RETURN_IF_ERROR(
        lane_.Download(Staged(dhx_), On(dhx_), dhx_.bytes));
    return lane_.Download(Staged(dweights_), On(dweights_), dweights_.bytes);
  }

  void Finish() {
    if (gradients_.d_inputs != nullptr) {
      fixups_.UnpackInputGradient(Staged(dx_), gradients_.d_inputs);
    }
    if (gradients_.d_initial_state != nullptr) {
      fixups_.UnpackInitialStateGradient(Staged(dhx_), gradients_.d_state,
                                         gradients_.d_initial_state);
    }
    UnpackWeights(description_, tape_.weights->layout(), Staged(dweights_),
                  gradients_.d_kernel, gradients_.d_recurrent_kernel,
                  gradients_.d_bias);
  }

  // No row has a step: the state is the initial state, and nothing else
  // depends on anything.
  void FinishEmpty() {
    const size_t row = 3 * description_.units;
    const auto zero = [&](void* tensor, size_t n) {
      if (tensor != nullptr) element_.ZeroHost(tensor, 0, n);
    };
    zero(gradients_.d_inputs,
         schedule_.batch * schedule_.timesteps * description_.features);
    zero(gradients_.d_kernel, description_.features * row);
    zero(gradients_.d_recurrent_kernel, description_.units * row);
    zero(gradients_.d_bias, 2 * row);
    if (gradients_.d_initial_state != nullptr) {
      fixups_.UnpackInitialStateGradient(nullptr, gradients_.d_state,
                                         gradients_.d_initial_state);
    }
  }

  CudnnTape& tape_;
  const GruGradients& gradients_;
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
  Tensor dy_;
  Tensor dx_;
  Tensor dhy_;
  Tensor dhx_;
  Tensor dweights_;
};

}  // namespace

Status CudnnTape::Backward(const GruGradients& gradients, int,
                           const Cancellation* cancellation) {
  return BackwardOnCudnn(*this, gradients, cancellation);
}

Status BackwardOnCudnn(CudnnTape& tape, const GruGradients& gradients,
                       const Cancellation* cancellation) {
  Status earlier;
  return RunOnDevice(tape.device, [&](Lane& lane) {
    // There is no second attempt once the tape is spent.
    if (!earlier.ok() && tape.used) return earlier;
    earlier = Backward(tape, gradients, cancellation, lane).Run();
    return earlier;
  });
}

}  // namespace cudnn_gru
