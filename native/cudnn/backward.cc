#include "cudnn/backward.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "cudnn/call_stream.h"
#include "cudnn/host_work.h"
#include "cudnn/library_status.h"
#include "cudnn/run_on_device.h"
#include "cudnn/staged_tensor.h"
#include "cudnn/step_bytes.h"
#include "cudnn/transfer_pieces.h"

namespace cudnn_gru {
namespace {

// The contents of the reserve spaces: those that forward left there, which
// backward needs, or those that an earlier attempt at backward left there.
enum class ReserveContents { kFromForward, kFromBackward };

// Computes one backward call: copies the host's gradients to the device, queues
// cuDNN's work, and copies the resulting gradients back.
class BackwardComputation {
 public:
  BackwardComputation(KeptForward& kept, const GradientTensors& tensors,
                      int threads, const Cancellation* cancellation,
                      CallStream& stream)
      : kept_(kept),
        tensors_(tensors),
        threads_(threads),
        cancellation_(cancellation),
        stream_(stream),
        chunking_(kept.chunking),
        settings_(kept.weights->shape(), kept.tf32),
        bytes_(kept.weights->shape()),
        pieces_(stream, kept.chunking) {}

  Status Run(ReserveContents reserves) {
    reserves_ = reserves;
    CUDNN_GRU_RETURN_IF_ERROR(CheckCancelled(cancellation_));
    if (chunking_.chunks.empty()) {
      kept_.used = true;
      // The states are the initial states, so their gradients pass through, and
      // all other gradients are zero.
      FinishRows(nullptr);
      tensors_.ZeroWeightGradients();
      return Status();
    }
    stream_.clock.Start();
    CUDNN_GRU_RETURN_IF_ERROR(Place());
    const StreamDrain drain(stream_);
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
    PrefaultResults(threads_, tensors_.Results());  // The host would only wait.
    CUDNN_GRU_RETURN_IF_ERROR(pieces_.Unpack(
        [&](const LineRange& lines) { UnpackInputGradient(lines); }));
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Synchronize());
    CUDNN_GRU_RETURN_IF_ERROR(stream_.Enter(Stage::kUnpack));
    Finish();
    stream_.clock.Stop();
    return Status();
  }

 private:
  // The parameters that the cuDNN calls for one chunk share. They use the
  // descriptors and the reserve space of the forward call, unless that had to
  // be computed again.
  struct ChunkSpaces {
    DescriptorSet* descriptors;
    char* reserve;
    char* workspace;
  };

  char* OnDevice(const StagedTensor& tensor) const {
    return scratch_.data() + tensor.device_offset;
  }
  char* InStaging(const StagedTensor& tensor) const {
    return staging_.data() + tensor.staging_offset;
  }

  Status Place() {
    dy_.bytes = chunking_.positions * bytes_.outputs;
    dx_.bytes = chunking_.positions * bytes_.features;
    dhy_.bytes = chunking_.rows * bytes_.states;
    dhx_.bytes = chunking_.chunks[0].rows * bytes_.states;
    dweights_.bytes = kept_.weights->layout().bytes;
    // Both blocks have the tensors in the same order, so that neighbours can be
    // copied at once.
    PlaceAllocator on_device;
    PlaceAllocator in_staging;
    for (StagedTensor* tensor : {&dy_, &dhy_, &dx_, &dhx_, &dweights_}) {
      tensor->device_offset = on_device.Take(tensor->bytes);
    }
    if (tensors_.has_output_gradient()) {
      dy_.staging_offset = in_staging.Take(dy_.bytes);
    }
    dhy_.staging_offset = in_staging.Take(dhy_.bytes);
    if (tensors_.wants_input_gradient()) {
      dx_.staging_offset = in_staging.Take(dx_.bytes);
    }
    dhx_.staging_offset = in_staging.Take(dhx_.bytes);
    dweights_.staging_offset = in_staging.Take(dweights_.bytes);
    size_t workspace = 1;
    for (size_t c = 0; c < chunking_.chunks.size(); ++c) {
      DescriptorSet* descriptors = nullptr;
      CUDNN_GRU_RETURN_IF_ERROR(
          stream_.FindDescriptors(settings_, chunking_, chunking_.chunks[c],
                                  abi::CUDNN_FWD_MODE_TRAINING, &descriptors));
      descriptors_.push_back(descriptors);
      workspace = std::max(workspace, descriptors->workspace_bytes());
      if (descriptors->reserve_bytes() != kept_.tensors.reserves[c].bytes) {
        return Status(StatusCode::kCudnn,
                      "Expected cuDNN to ask for the same reserve space in "
                      "backward as in forward but received another size.");
      }
    }
    CUDNN_GRU_RETURN_IF_ERROR(scratch_.Allocate(
        stream_.device, MemoryKind::kDevice, on_device.used()));
    CUDNN_GRU_RETURN_IF_ERROR(
        workspace_.Allocate(stream_.device, MemoryKind::kDevice, workspace));
    return staging_.Allocate(stream_.device, MemoryKind::kPinned,
                             in_staging.used());
  }

  Status Upload() {
    PackStateGradient();
    if (!tensors_.has_output_gradient()) {
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
    // cuDNN adds the gradients of the weights to what is there.
    return stream_.Zero(OnDevice(dweights_), dweights_.bytes);
  }

  void PackStateGradient() {
    std::memset(InStaging(dhy_), 0, dhy_.bytes);
    DivideHostWork(threads_, chunking_.batch, chunking_.batch * bytes_.states,
                   [&](size_t begin, size_t end) {
                     tensors_.PackStateGradients(begin, end, InStaging(dhy_));
                   });
  }

  void PackOutputGradient() {
    for (const Chunk& chunk : chunking_.chunks) {
      char* const dy = InStaging(dy_) + chunk.first_position * bytes_.outputs;
      DivideLines(threads_, AllLines(chunk), bytes_.outputs,
                  [&](size_t begin, size_t end) {
                    tensors_.PackOutputGradient(chunk, begin, end, dy);
                  });
    }
    DivideHostWork(threads_, chunking_.batch,
                   chunking_.masked_steps() * bytes_.outputs,
                   [&](size_t begin, size_t end) {
                     tensors_.AddMaskedGradients(begin, end, InStaging(dy_));
                   });
  }

  size_t StateOffset(size_t c) const {
    return chunking_.chunks[c].first_row * bytes_.states;
  }
  // The states before a chunk are the states after the chunk before it, and the
  // same holds for their gradients. Rows that end in the earlier chunk keep the
  // gradients they have.
  const char* StatesBefore(size_t c) const {
    const KeptTensors& kept = kept_.tensors;
    if (c > 0) return kept.address(kept.hy) + StateOffset(c - 1);
    return kept_.has_initial_states ? kept.address(kept.hx) : nullptr;
  }
  char* GradientBefore(size_t c) const {
    return c > 0 ? OnDevice(dhy_) + StateOffset(c - 1) : OnDevice(dhx_);
  }
  char* KeptX(size_t c) const {
    return kept_.tensors.address(kept_.tensors.x) +
           chunking_.chunks[c].first_position * bytes_.features;
  }
  char* KeptY(size_t c) const {
    return kept_.tensors.address(kept_.tensors.y) +
           chunking_.chunks[c].first_position * bytes_.outputs;
  }

  Status Launch(size_t c) {
    const Chunk& chunk = chunking_.chunks[c];
    ChunkSpaces spaces = {
        descriptors_[c],
        kept_.tensors.address(kept_.tensors.reserves[c].offset),
        workspace_.data()};
    stream_.busy = true;
    if (reserves_ == ReserveContents::kFromBackward) {
      CUDNN_GRU_RETURN_IF_ERROR(ForwardAgain(c, spaces));
    }
    Status status = LaunchBackward(c, spaces);
    if (status.remedy() == Remedy::kAnotherWay &&
        chunk.algorithm.id != abi::CUDNN_RNN_ALGO_STANDARD) {
      stream_.device.algorithms().RuleOut(
          chunk.algorithm,
          ClassOf(settings_, chunk, abi::CUDNN_FWD_MODE_TRAINING));
      CUDNN_GRU_RETURN_IF_ERROR(ForwardByStandard(c, &spaces));
      status = LaunchBackward(c, spaces);
    }
    return status;
  }

  Status LaunchBackward(size_t c, const ChunkSpaces& spaces) {
    const auto launch = [&] {
      CUDNN_GRU_RETURN_IF_ERROR(LaunchData(c, spaces));
      return LaunchWeights(c, spaces);
    };
    if (chunking_.chunks.size() > 1) return launch();
    const Status status = stream_.Launch(
        spaces.descriptors, LaunchStep::kBackward,
        {KeptY(c), OnDevice(dy_), KeptX(c), OnDevice(dx_), StatesBefore(c),
         OnDevice(dhy_), OnDevice(dhx_), kept_.weights->data(),
         OnDevice(dweights_), spaces.workspace, spaces.reserve},
        kept_.trial, launch);
    if (status.ok()) kept_.used = true;
    return status;
  }

  Status LaunchData(size_t c, const ChunkSpaces& spaces) {
    const size_t first_position = chunking_.chunks[c].first_position;
    const DescriptorSet& descriptors = *spaces.descriptors;
    const Status status = stream_.device.Check(
        stream_.device.cudnn().cudnnRNNBackwardData_v8(
            stream_.handle, descriptors.rnn(), nullptr, descriptors.y(),
            KeptY(c), OnDevice(dy_) + first_position * bytes_.outputs,
            descriptors.x(), OnDevice(dx_) + first_position * bytes_.features,
            descriptors.h(), StatesBefore(c), OnDevice(dhy_) + StateOffset(c),
            GradientBefore(c), nullptr, nullptr, nullptr, nullptr,
            kept_.weights->layout().bytes, kept_.weights->data(),
            descriptors.workspace_bytes(), spaces.workspace,
            descriptors.reserve_bytes(), spaces.reserve),
        "cudnnRNNBackwardData_v8");
    if (status.remedy() != Remedy::kAnotherWay) kept_.used = true;
    return status;
  }

  Status LaunchWeights(size_t c, const ChunkSpaces& spaces) {
    const DescriptorSet& descriptors = *spaces.descriptors;
    return stream_.device.Check(
        stream_.device.cudnn().cudnnRNNBackwardWeights_v8(
            stream_.handle, descriptors.rnn(), abi::CUDNN_WGRAD_MODE_ADD,
            nullptr, descriptors.x(), KeptX(c), descriptors.h(),
            StatesBefore(c), descriptors.y(), KeptY(c),
            kept_.weights->layout().bytes, OnDevice(dweights_),
            descriptors.workspace_bytes(), spaces.workspace,
            descriptors.reserve_bytes(), spaces.reserve),
        "cudnnRNNBackwardWeights_v8");
  }

  // Computes the chunk's forward call again with the standard algorithm, for
  // the case that the algorithm of the forward call does not support backward.
  // The tensors keep their order.
  Status ForwardByStandard(size_t c, ChunkSpaces* spaces) {
    Chunk chunk = chunking_.chunks[c];
    chunk.algorithm.id = abi::CUDNN_RNN_ALGO_STANDARD;
    DescriptorSet* descriptors = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(
        stream_.FindDescriptors(settings_, chunking_, chunk,
                                abi::CUDNN_FWD_MODE_TRAINING, &descriptors));
    PlaceAllocator places;
    const size_t workspace = places.Take(descriptors->workspace_bytes());
    const size_t reserve = places.Take(descriptors->reserve_bytes());
    recomputed_.push_back(std::make_unique<DeviceBuffer>());
    DeviceBuffer& buffer = *recomputed_.back();
    CUDNN_GRU_RETURN_IF_ERROR(
        buffer.Allocate(stream_.device, MemoryKind::kDevice, places.used()));
    *spaces = {descriptors, buffer.data() + reserve, buffer.data() + workspace};
    return ForwardAgain(c, *spaces);
  }

  // Fills the reserve space again, from the kept tensors.
  Status ForwardAgain(size_t c, const ChunkSpaces& spaces) {
    const DescriptorSet& descriptors = *spaces.descriptors;
    return stream_.device.Check(
        stream_.device.cudnn().cudnnRNNForward(
            stream_.handle, descriptors.rnn(), abi::CUDNN_FWD_MODE_TRAINING,
            nullptr, descriptors.x(), KeptX(c), descriptors.y(), KeptY(c),
            descriptors.h(), StatesBefore(c),
            kept_.tensors.address(kept_.tensors.hy) + StateOffset(c), nullptr,
            nullptr, nullptr, kept_.weights->layout().bytes,
            kept_.weights->data(), descriptors.workspace_bytes(),
            spaces.workspace, descriptors.reserve_bytes(), spaces.reserve),
        "cudnnRNNForward");
  }

  // Only dx can be so large that it is copied in pieces.
  Status Download() {
    const size_t end = dweights_.device_offset + dweights_.bytes;
    if (tensors_.wants_input_gradient()) {
      if (end - dx_.device_offset <= kPieceBytes) {
        one_download_ = true;
        return stream_.Download(InStaging(dx_), OnDevice(dx_),
                                end - dx_.device_offset);
      }
      for (const Chunk& chunk : chunking_.chunks) {
        const size_t at = chunk.first_position * bytes_.features;
        CUDNN_GRU_RETURN_IF_ERROR(pieces_.Queue(
            chunk, bytes_.features, OnDevice(dx_) + at, InStaging(dx_) + at));
      }
    }
    return stream_.Download(InStaging(dhx_), OnDevice(dhx_),
                            end - dhx_.device_offset);
  }

  void UnpackInputGradient(const LineRange& lines) {
    const char* const dx =
        InStaging(dx_) + lines.chunk->first_position * bytes_.features;
    DivideLines(threads_, lines, bytes_.features,
                [&](size_t begin, size_t end) {
                  tensors_.UnpackInputGradient(*lines.chunk, begin, end, dx);
                });
  }

  void Finish() {
    if (one_download_) {
      for (const Chunk& chunk : chunking_.chunks) {
        UnpackInputGradient(AllLines(chunk));
      }
    }
    FinishRows(InStaging(dhx_));
    tensors_.UnpackWeightGradients(kept_.weights->layout(),
                                   InStaging(dweights_), threads_);
  }

  // `dhx` is null when every row is empty.
  void FinishRows(const char* dhx) {
    if (tensors_.wants_input_gradient()) {
      DivideHostWork(threads_, chunking_.batch,
                     chunking_.masked_steps() * bytes_.features,
                     [&](size_t begin, size_t end) {
                       tensors_.ZeroMaskedInputGradients(begin, end);
                     });
    }
    DivideHostWork(threads_, chunking_.batch, chunking_.batch * bytes_.states,
                   [&](size_t begin, size_t end) {
                     tensors_.UnpackInitialStateGradients(begin, end, dhx);
                   });
  }

  KeptForward& kept_;
  const GradientTensors& tensors_;
  const int threads_;
  const Cancellation* const cancellation_;
  CallStream& stream_;
  const Chunking& chunking_;
  const RnnSettings settings_;
  const StepBytes bytes_;
  DeviceBuffer scratch_;
  DeviceBuffer workspace_;
  DeviceBuffer staging_;  // pinned host memory
  // The spaces of chunks whose forward call was computed again.
  std::vector<std::unique_ptr<DeviceBuffer>> recomputed_;
  std::vector<DescriptorSet*> descriptors_;  // of each chunk
  PieceDownload pieces_;                     // of dx
  StagedTensor dy_;
  StagedTensor dx_;
  StagedTensor dhy_;
  StagedTensor dhx_;
  StagedTensor dweights_;
  bool one_download_ = false;  // all results are downloaded in one copy
  ReserveContents reserves_ = ReserveContents::kFromForward;
};

}  // namespace

Status BackwardOnCudnn(KeptForward* kept, const GradientTensors& tensors,
                       int threads, const Cancellation* cancellation) {
  return RunOnDevice(kept->device, cancellation, [&](CallStream& stream) {
    return BackwardComputation(*kept, tensors, threads, cancellation, stream)
        .Run(kept->used ? ReserveContents::kFromBackward
                        : ReserveContents::kFromForward);
  });
}

}  // namespace cudnn_gru
