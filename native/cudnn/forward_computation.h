#ifndef CUDNN_GRU_CUDNN_FORWARD_COMPUTATION_H_
#define CUDNN_GRU_CUDNN_FORWARD_COMPUTATION_H_

#include <cstddef>
#include <vector>

#include "core/cancellation.h"
#include "core/gru_problem.h"
#include "core/status.h"
#include "cudnn/call.h"
#include "cudnn/element_format.h"
#include "cudnn/forward.h"
#include "cudnn/tape.h"
#include "cudnn/tensor_packing.h"
#include "cudnn/transfer_pieces.h"

namespace cudnn_gru {

// What a forward call was asked for.
struct ForwardRequest {
  CudnnWeights& weights;
  const GruCall& call;
  const CudnnOptions& options;
  const Cancellation* cancellation;
};

// One forward call, from the host's tensors to the host's tensors.
class ForwardComputation {
 public:
  // `chunking` learns the algorithms; `kept` is filled, in training for
  // backward. All outlive this.
  ForwardComputation(const ForwardRequest& request, Chunking* chunking,
                     KeptTensors* kept, bool training, CallStream& stream);

  Status Run();

  // Whether an algorithm was found not to take the call, and ruled out: a new
  // attempt takes another.
  bool ruled_out() const { return ruled_out_; }

 private:
  Status Place();
  Status PlaceStaged();
  Status ChooseAlgorithm(Chunk* chunk, DescriptorSet** descriptors);
  bool RuleOut(const Status& status, const Chunk& chunk);
  Status Compute();
  void PackStates();
  void PackInputs(const LineRange& lines);
  Status UploadAtOnce();
  Status UploadInPieces(size_t c);
  Status Launch(size_t c);
  Status DownloadOutput(size_t c);
  void UnpackOutput(const LineRange& lines);
  void Finish();

  char* OnDevice(const StagedTensor& tensor) const {
    return kept_.address(tensor.device_offset);
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
  // Where a chunk's positions begin on the device. Only backward needs those of
  // the chunks before: without it each chunk takes the place of the one before.
  size_t PositionOnDevice(const Chunk& chunk) const {
    return training_ ? chunk.first_position : 0;
  }
  // The states that a chunk starts from: those the chunk before ended with.
  const char* StatesBefore(size_t c) const;
  char* StatesAfter(size_t c) const {
    return OnDevice(hy_) + chunking_.chunks[c].first_row * UnitBytes();
  }

  CudnnWeights& weights_;
  const GruDescription& description_;
  const GruCall& call_;
  const CudnnOptions& options_;
  const Cancellation* const cancellation_;
  Chunking& chunking_;
  KeptTensors& kept_;
  const bool training_;
  CallStream& stream_;
  const RnnSettings settings_;
  const ElementFormat format_;
  const TensorPacking packing_;
  DeviceBuffer workspace_;
  DeviceBuffer staged_;                      // pinned
  std::vector<DescriptorSet*> descriptors_;  // by chunk
  PieceDownload output_;
  StagedTensor x_;
  StagedTensor hx_;
  StagedTensor y_;
  StagedTensor hy_;
  bool one_upload_ = false;
  bool one_download_ = false;
  bool ruled_out_ = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FORWARD_COMPUTATION_H_
