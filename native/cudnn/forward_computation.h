#ifndef CUDNN_GRU_CUDNN_FORWARD_COMPUTATION_H_
#define CUDNN_GRU_CUDNN_FORWARD_COMPUTATION_H_

#include <cstddef>
#include <vector>

#include "core/cancellation.h"
#include "core/status.h"
#include "cudnn/call_stream.h"
#include "cudnn/call_tensors.h"
#include "cudnn/cudnn_pass.h"
#include "cudnn/forward.h"
#include "cudnn/staged_tensor.h"
#include "cudnn/step_bytes.h"
#include "cudnn/transfer_pieces.h"

namespace cudnn_gru {

// The arguments of a forward call.
struct ForwardRequest {
  CudnnWeights& weights;
  const ForwardTensors& tensors;
  const CudnnOptions& options;
  const Cancellation* cancellation;  // may be null
  abi::cudnnForwardMode_t mode;      // training when backward may follow
};

// Computes one forward call: copies the host's inputs to the device, queues
// cuDNN's work, and copies the results back. A call of several layers or
// directions must be one chunk: the states of a chunk lie one pseudo-layer
// after the other, so those of two chunks would not be neighbours.
class ForwardComputation {
 public:
  // Sets the algorithms in `chunking`, and fills `kept` with the tensors on the
  // device, which backward reads after a training call. All arguments must
  // outlive this object.
  ForwardComputation(const ForwardRequest& request, Chunking* chunking,
                     KeptTensors* kept, CallStream& stream);

  Status Run();

  // Whether Run failed because an algorithm does not support the call. That
  // algorithm is then ruled out, and a new attempt chooses another one.
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
    return staging_.data() + tensor.staging_offset;
  }
  // Whether backward may follow.
  bool Training() const { return mode_ == abi::CUDNN_FWD_MODE_TRAINING; }
  // Returns where a chunk's positions begin on the device. Only backward needs
  // the tensors of earlier chunks, so in inference every chunk overwrites the
  // one before.
  size_t PositionOnDevice(const Chunk& chunk) const {
    return Training() ? chunk.first_position : 0;
  }
  // Returns the states that a chunk starts from, which are the states after the
  // chunk before, or null for zeros.
  const char* StatesBefore(size_t c) const;
  char* StatesAfter(size_t c) const {
    return OnDevice(hy_) + chunking_.chunks[c].first_row * bytes_.states;
  }

  CudnnWeights& weights_;
  const ForwardTensors& tensors_;
  const CudnnOptions& options_;
  const Cancellation* const cancellation_;
  Chunking& chunking_;
  KeptTensors& kept_;
  const abi::cudnnForwardMode_t mode_;
  CallStream& stream_;
  const RnnSettings settings_;
  const StepBytes bytes_;
  DeviceBuffer workspace_;
  DeviceBuffer staging_;                     // pinned host memory
  std::vector<DescriptorSet*> descriptors_;  // of each chunk
  PieceDownload output_;
  StagedTensor x_;
  StagedTensor hx_;
  StagedTensor y_;
  StagedTensor hy_;
  bool one_upload_ = false;    // x and hx are uploaded in one copy
  bool one_download_ = false;  // y and hy are downloaded in one copy
  bool ruled_out_ = false;
};

// Computes one forward call as above, with the fastest algorithms that support
// it.
Status RunForward(const ForwardRequest& request, Chunking* chunking,
                  KeptTensors* kept, CallStream& stream);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FORWARD_COMPUTATION_H_
