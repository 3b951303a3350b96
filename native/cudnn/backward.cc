#include "cudnn/backward.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "cudnn/call.h"
#include "cudnn/element_format.h"
#include "cudnn/host_work.h"
#include "cudnn/result.h"
#include "cudnn/tensor_packing.h"
#include "cudnn/transfer_pieces.h"

namespace cudnn_gru {
namespace {

// One backward call, from the host's gradients to the host's gradients.
class BackwardComputation {
 public:
  BackwardComputation(CudnnTape& tape, const GruGradients& gradients,
                      int threads, const Cancellation* cancellation,
                      CallStream& stream)
      : tape_(tape),
        gradients_(gradients),
        threads_(threads),
        cancellation_(cancellation),
        stream_(stream),
        description_(tape.weights->description()),
        chunking_(tape.chunking),
        settings_(description_, tape.allow_tf32),
        format_(description_),
        packing_(description_, tape.sizes, tape.chunking),
        pieces_(stream, tape.chunking) {}

  // `refill`: an attempt before this one has got as far as cuDNN, so that the
  // reserve spaces must be filled again.
  Status Run(bool refill) {
    refill_ = refill;
    CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
    if (chunking_.chunks.empty()) {
      tape_.used = true;
      FinishEmpty();
      return Status();
    }
    stream_.clock.Start();
    CUDNN_GRU_RETURN_IF_ERROR(Place());
    const Drain drain(stream_);
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kCopyIn));
    CUDNN_GRU_RETURN_IF_ERROR(Upload());
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kCompute));
    for (size_t c = chunking_.chunks.size(); c-- > 0;) {
      CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
      CUDNN_GRU_RETURN_IF_ERROR(Launch(c));
    }
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kCopyOut));
    CUDNN_GRU_RETURN_IF_ERROR(Download());
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kWait));
    CUDNN_GRU_RETURN_IF_ERROR(pieces_.Unpack(
        [&](const LineRange& lines) { UnpackInputGradient(lines); }));
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Synchronize());
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kUnpack));
    Finish();
    stream_.clock.Stop();
    return Status();
  }

 private:
  // What the calls of cuDNN's for a chunk share: as in the forward call, unless
  // that had to be made again.
  struct Launched {
    const DescriptorSet* descriptors;
    char* reserve;
    char* workspace;
  };

  char* OnDevice(const StagedTensor& tensor) const {
    return scratch_.data() + tensor.device_offset;
  }
  char* InStaging(const StagedTensor& tensor) const {
    return staged_.data() + tensor.staging_offset;
  }
  size_t FeatureBytes() const {
    return description_.features * format_.device_bytes();
  }
  size_t UnitBytes() const {
    return description_.units * format_.device_bytes();
  }

  bool HasOutputGradient() const {
    return gradients_.d_output != nullptr && tape_.sizes.return_sequences;
  }

  Status Place() {
    dy_.bytes = chunking_.positions * UnitBytes();
    dx_.bytes = chunking_.positions * FeatureBytes();
    dhy_.bytes = chunking_.rows * UnitBytes();
    dhx_.bytes = chunking_.chunks[0].rows * UnitBytes();
    dweights_.bytes = tape_.weights->layout().bytes;
    // In the same order: what is next to each other goes in one copy.
    PlaceAllocator places;
    PlaceAllocator staged;
    for (StagedTensor* tensor : {&dy_, &dhy_, &dx_, &dhx_, &dweights_}) {
      tensor->device_offset = places.Take(tensor->bytes);
    }
    if (HasOutputGradient()) dy_.staging_offset = staged.Take(dy_.bytes);
    dhy_.staging_offset = staged.Take(dhy_.bytes);
    if (gradients_.d_inputs != nullptr)
      dx_.staging_offset = staged.Take(dx_.bytes);
    dhx_.staging_offset = staged.Take(dhx_.bytes);
    dweights_.staging_offset = staged.Take(dweights_.bytes);
    size_t workspace = 1;
    for (size_t c = 0; c < chunking_.chunks.size(); ++c) {
      DescriptorSet* descriptors = nullptr;
      CUDNN_GRU_RETURN_IF_ERROR(FindDescriptors(stream_, settings_, chunking_,
                                                chunking_.chunks[c], true,
                                                &descriptors));
      descriptors_.push_back(descriptors);
      workspace = std::max(workspace, descriptors->workspace_bytes());
      if (descriptors->reserve_bytes() != tape_.kept.reserves[c].bytes) {
        return Status(StatusCode::kCudnn,
                      "Expected cuDNN to ask for the same reserve space in "
                      "backward as in forward but received another size");
      }
    }
    CUDNN_GRU_RETURN_IF_ERROR(
        scratch_.Allocate(stream_.device, MemoryKind::kDevice, places.used()));
    CUDNN_GRU_RETURN_IF_ERROR(
        workspace_.Allocate(stream_.device, MemoryKind::kDevice, workspace));
    return staged_.Allocate(stream_.device, MemoryKind::kPinned, staged.used());
  }

  Status Upload() {
    PackStateGradient();
    if (!HasOutputGradient()) {
      CUDNN_GRU_RETURN_IF_ERROR(stream_.Zero(OnDevice(dy_), dy_.bytes));
      CUDNN_GRU_RETURN_IF_ERROR(
          stream_.Upload(OnDevice(dhy_), InStaging(dhy_), dhy_.bytes));
    } else if (dy_.bytes + dhy_.bytes <= kPieceBytes) {
      PackOutputGradient();
      CUDNN_GRU_RETURN_IF_ERROR(
          stream_.Upload(OnDevice(dy_), InStaging(dy_),
                         dhy_.device_offset + dhy_.bytes - dy_.device_offset));
    } else {
      CUDNN_GRU_RETURN_IF_ERROR(
          stream_.Upload(OnDevice(dhy_), InStaging(dhy_), dhy_.bytes));
      PackOutputGradient();
      CUDNN_GRU_RETURN_IF_ERROR(
          stream_.Upload(OnDevice(dy_), InStaging(dy_), dy_.bytes));
    }
    // cuDNN can only add to it.
    return stream_.Zero(OnDevice(dweights_), dweights_.bytes);
  }

  void PackStateGradient() {
    std::memset(InStaging(dhy_), 0, dhy_.bytes);
    DivideHostWork(threads_, chunking_.batch, chunking_.batch * UnitBytes(),
                   [&](size_t begin, size_t end) {
                     packing_.PackStateGradient(begin, end, gradients_.d_output,
                                                gradients_.d_state,
                                                InStaging(dhy_));
                   });
  }

  void PackOutputGradient() {
    for (const Chunk& chunk : chunking_.chunks) {
      char* const dy = InStaging(dy_) + chunk.first_position * UnitBytes();
      DivideLines(threads_, AllLines(chunk), UnitBytes(),
                  [&](size_t begin, size_t end) {
                    packing_.PackOutputGradient(chunk, begin, end,
                                                gradients_.d_output, dy);
                  });
    }
    DivideHostWork(threads_, chunking_.batch,
                   chunking_.masked_steps() * UnitBytes(),
                   [&](size_t begin, size_t end) {
                     packing_.AddMaskedGradients(
                         begin, end, gradients_.d_output, InStaging(dy_));
                   });
  }

  size_t StateOffset(size_t c) const {
    return chunking_.chunks[c].first_row * UnitBytes();
  }
  // The states this chunk began with are those the chunk before ended with, and
  // so for their gradients; rows that ended there keep theirs.
  const char* StatesBefore(size_t c) const {
    const KeptTensors& kept = tape_.kept;
    if (c > 0) return kept.address(kept.hy) + StateOffset(c - 1);
    return tape_.has_initial_state ? kept.address(kept.hx) : nullptr;
  }
  char* GradientBefore(size_t c) const {
    return c > 0 ? OnDevice(dhy_) + StateOffset(c - 1) : OnDevice(dhx_);
  }
  char* KeptX(size_t c) const {
    return tape_.kept.address(tape_.kept.x) +
           chunking_.chunks[c].first_position * FeatureBytes();
  }
  char* KeptY(size_t c) const {
    return tape_.kept.address(tape_.kept.y) +
           chunking_.chunks[c].first_position * UnitBytes();
  }

  Status Launch(size_t c) {
    const Chunk& chunk = chunking_.chunks[c];
    Launched launched = {descriptors_[c],
                         tape_.kept.address(tape_.kept.reserves[c].offset),
                         workspace_.data()};
    stream_.busy = true;
    if (refill_) {
      CUDNN_GRU_RETURN_IF_ERROR(ForwardAgain(c, launched));
    }
    Status status = LaunchData(c, launched);
    if (status.remedy() == Remedy::kAnotherWay &&
        chunk.algorithm.id != abi::CUDNN_RNN_ALGO_STANDARD) {
      stream_.device.algorithms().RuleOut(chunk.algorithm,
                                          ClassOf(settings_, chunk, true));
      CUDNN_GRU_RETURN_IF_ERROR(ForwardByStandard(c, &launched));
      status = LaunchData(c, launched);
    }
    CUDNN_GRU_RETURN_IF_ERROR(status);
    const size_t weight_bytes = tape_.weights->layout().bytes;
    const DescriptorSet& descriptors = *launched.descriptors;
    return stream_.device.Check(
        stream_.device.cudnn().cudnnRNNBackwardWeights_v8(
            stream_.handle, descriptors.rnn(), abi::CUDNN_WGRAD_MODE_ADD,
            nullptr, descriptors.x(), KeptX(c), descriptors.h(),
            StatesBefore(c), descriptors.y(), KeptY(c), weight_bytes,
            OnDevice(dweights_), descriptors.workspace_bytes(),
            launched.workspace, descriptors.reserve_bytes(), launched.reserve),
        "cudnnRNNBackwardWeights_v8");
  }

  Status LaunchData(size_t c, const Launched& launched) {
    const size_t first_position = chunking_.chunks[c].first_position;
    const DescriptorSet& descriptors = *launched.descriptors;
    const Status status = stream_.device.Check(
        stream_.device.cudnn().cudnnRNNBackwardData_v8(
            stream_.handle, descriptors.rnn(), nullptr, descriptors.y(),
            KeptY(c), OnDevice(dy_) + first_position * UnitBytes(),
            descriptors.x(), OnDevice(dx_) + first_position * FeatureBytes(),
            descriptors.h(), StatesBefore(c), OnDevice(dhy_) + StateOffset(c),
            GradientBefore(c), nullptr, nullptr, nullptr, nullptr,
            tape_.weights->layout().bytes, tape_.weights->data(),
            descriptors.workspace_bytes(), launched.workspace,
            descriptors.reserve_bytes(), launched.reserve),
        "cudnnRNNBackwardData_v8");
    if (status.remedy() != Remedy::kAnotherWay) tape_.used = true;
    return status;
  }

  // An algorithm that took the forward call refuses the backward call: the
  // standard one computes the chunk's forward call again. The order of the
  // tensors stays.
  Status ForwardByStandard(size_t c, Launched* launched) {
    Chunk chunk = chunking_.chunks[c];
    chunk.algorithm.id = abi::CUDNN_RNN_ALGO_STANDARD;
    DescriptorSet* descriptors = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(FindDescriptors(stream_, settings_, chunking_,
                                              chunk, true, &descriptors));
    PlaceAllocator places;
    const size_t workspace = places.Take(descriptors->workspace_bytes());
    const size_t reserve = places.Take(descriptors->reserve_bytes());
    again_.push_back(std::make_unique<DeviceBuffer>());
    DeviceBuffer& buffer = *again_.back();
    CUDNN_GRU_RETURN_IF_ERROR(
        buffer.Allocate(stream_.device, MemoryKind::kDevice, places.used()));
    *launched = {descriptors, buffer.data() + reserve,
                 buffer.data() + workspace};
    return ForwardAgain(c, *launched);
  }

  // Fills the reserve space, from the tensors that are kept.
  Status ForwardAgain(size_t c, const Launched& launched) {
    const DescriptorSet& descriptors = *launched.descriptors;
    return stream_.device.Check(
        stream_.device.cudnn().cudnnRNNForward(
            stream_.handle, descriptors.rnn(), abi::CUDNN_FWD_MODE_TRAINING,
            nullptr, descriptors.x(), KeptX(c), descriptors.y(), KeptY(c),
            descriptors.h(), StatesBefore(c),
            tape_.kept.address(tape_.kept.hy) + StateOffset(c), nullptr,
            nullptr, nullptr, tape_.weights->layout().bytes,
            tape_.weights->data(), descriptors.workspace_bytes(),
            launched.workspace, descriptors.reserve_bytes(), launched.reserve),
        "cudnnRNNForward");
  }

  // dx alone can be large.
  Status Download() {
    const size_t end = dweights_.device_offset + dweights_.bytes;
    if (gradients_.d_inputs != nullptr) {
      if (end - dx_.device_offset <= kPieceBytes) {
        one_download_ = true;
        return stream_.Download(InStaging(dx_), OnDevice(dx_),
                                end - dx_.device_offset);
      }
      for (const Chunk& chunk : chunking_.chunks) {
        const size_t at = chunk.first_position * FeatureBytes();
        CUDNN_GRU_RETURN_IF_ERROR(pieces_.Queue(
            chunk, FeatureBytes(), OnDevice(dx_) + at, InStaging(dx_) + at));
      }
    }
    return stream_.Download(InStaging(dhx_), OnDevice(dhx_),
                            end - dhx_.device_offset);
  }

  void UnpackInputGradient(const LineRange& lines) {
    const char* const dx =
        InStaging(dx_) + lines.chunk->first_position * FeatureBytes();
    DivideLines(threads_, lines, FeatureBytes(), [&](size_t begin, size_t end) {
      packing_.UnpackInputGradient(*lines.chunk, begin, end, dx,
                                   gradients_.d_inputs);
    });
  }

  void Finish() {
    if (one_download_) {
      for (const Chunk& chunk : chunking_.chunks) {
        UnpackInputGradient(AllLines(chunk));
      }
    }
    if (gradients_.d_inputs != nullptr) ZeroMaskedGradients();
    if (gradients_.d_initial_state != nullptr) {
      UnpackInitialStateGradient(InStaging(dhx_));
    }
    UnpackWeights(
        description_, tape_.weights->layout(), InStaging(dweights_),
        {gradients_.d_kernel, gradients_.d_recurrent_kernel, gradients_.d_bias},
        threads_);
  }

  void ZeroMaskedGradients() {
    DivideHostWork(
        threads_, chunking_.batch, chunking_.masked_steps() * FeatureBytes(),
        [&](size_t begin, size_t end) {
          packing_.ZeroMaskedGradients(begin, end, gradients_.d_inputs);
        });
  }

  // `dhx` is null when no row has a step.
  void UnpackInitialStateGradient(const char* dhx) {
    DivideHostWork(threads_, chunking_.batch, chunking_.batch * UnitBytes(),
                   [&](size_t begin, size_t end) {
                     packing_.UnpackInitialStateGradient(
                         begin, end, dhx, gradients_.d_state,
                         gradients_.d_initial_state);
                   });
  }

  // No row has a step: the state is the initial state, and nothing else
  // depends on anything.
  void FinishEmpty() {
    const size_t row = 3 * description_.units;
    const auto zero = [&](void* tensor, size_t n) {
      if (tensor != nullptr) format_.ZeroHost(tensor, 0, n);
    };
    if (gradients_.d_inputs != nullptr) ZeroMaskedGradients();
    zero(gradients_.d_kernel, description_.features * row);
    zero(gradients_.d_recurrent_kernel, description_.units * row);
    zero(gradients_.d_bias, 2 * row);
    if (gradients_.d_initial_state != nullptr) {
      UnpackInitialStateGradient(nullptr);
    }
  }

  CudnnTape& tape_;
  const GruGradients& gradients_;
  const int threads_;
  const Cancellation* const cancellation_;
  CallStream& stream_;
  const GruDescription& description_;
  const Chunking& chunking_;
  const RnnSettings settings_;
  const ElementFormat format_;
  const TensorPacking packing_;
  DeviceBuffer scratch_;
  DeviceBuffer workspace_;
  DeviceBuffer staged_;  // pinned
  std::vector<std::unique_ptr<DeviceBuffer>> again_;
  std::vector<DescriptorSet*> descriptors_;  // by chunk
  PieceDownload pieces_;                     // of dx
  StagedTensor dy_;
  StagedTensor dx_;
  StagedTensor dhy_;
  StagedTensor dhx_;
  StagedTensor dweights_;
  bool one_download_ = false;
  bool refill_ = false;
};

}  // namespace

Status CudnnTape::Backward(const GruGradients& gradients, int threads,
                           const Cancellation* cancellation) {
  return BackwardOnCudnn(*this, gradients, threads, cancellation);
}

Status BackwardOnCudnn(CudnnTape& tape, const GruGradients& gradients,
                       int threads, const Cancellation* cancellation) {
  if (tape.used) return CudnnTape::Spent();
  return RunOnDevice(tape.device, cancellation, [&](CallStream& stream) {
    return BackwardComputation(tape, gradients, threads, cancellation, stream)
        .Run(tape.used);
  });
}

}  // namespace cudnn_gru
