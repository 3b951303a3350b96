#ifndef CUDNN_GRU_CUDNN_FORWARD_PASS_H_
#define CUDNN_GRU_CUDNN_FORWARD_PASS_H_

#include <cstddef>
#include <vector>

#include "core/cancellation.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/call.h"
#include "cudnn/cudnn_pass.h"
#include "cudnn/element.h"
#include "cudnn/fixups.h"
#include "cudnn/forward.h"
#include "cudnn/pieces.h"

namespace cudnn_gru {

// What a forward call was asked for.
struct ForwardRequest {
  CudnnWeights& weights;
  const GruCall& call;
  const CudnnOptions& options;
  const Cancellation* cancellation;
};

// One forward call, from the host's tensors to the host's tensors.
class ForwardPass {
 public:
  // `schedule` learns the algorithms; `kept` is filled, in training for
  // backward. All outlive this.
  ForwardPass(const ForwardRequest& request, Schedule* schedule,
              KeptTensors* kept, bool training, Lane& lane);

  Status Run();

  // Whether an algorithm was found not to take the call, and ruled out: a new
  // attempt takes another.
  bool ruled_out() const { return ruled_out_; }

 private:
  Status Place();
  Status PlaceStaged();
  Status ChoosePlan(Chunk* chunk, Plan** plan);
  bool RuleOut(const Status& status, const Chunk& chunk);
  Status Compute();
  void PackStates();
  void PackInputs(const Lines& lines);
  Status UploadAtOnce();
  Status UploadInPieces(size_t c);
  Status Launch(size_t c);
  Status DownloadOutput(size_t c);
  void UnpackOutput(const Lines& lines);
  void Finish();

  char* On(const Staged& tensor) const { return kept_.at(tensor.at); }
  char* Host(const Staged& tensor) const {
    return staged_.data() + tensor.staged_at;
  }
  size_t FeatureBytes() const {
    return description_.features * element_.device_size();
  }
  size_t UnitBytes() const {
    return description_.units * element_.device_size();
  }
  // Where a chunk's cells begin on the device. Only backward needs those of the
  // chunks before: without it each chunk takes the place of the one before.
  size_t CellOnDevice(const Chunk& chunk) const {
    return training_ ? chunk.first_cell : 0;
  }
  // The states that a chunk starts from: those the chunk before ended with.
  const char* StatesBefore(size_t c) const;
  char* StatesAfter(size_t c) const {
    return On(hy_) + schedule_.chunks[c].first_row * UnitBytes();
  }

  CudnnWeights& weights_;
  const GruDescription& description_;
  const GruCall& call_;
  const CudnnOptions& options_;
  const Cancellation* const cancellation_;
  Schedule& schedule_;
  KeptTensors& kept_;
  const bool training_;
  Lane& lane_;
  const RnnSettings settings_;
  const Element element_;
  const Fixups fixups_;
  DeviceBuffer workspace_;
  DeviceBuffer staged_;       // pinned
  std::vector<Plan*> plans_;  // by chunk
  PieceDownload output_;
  Staged x_;
  Staged hx_;
  Staged y_;
  Staged hy_;
  bool one_upload_ = false;
  bool one_download_ = false;
  bool ruled_out_ = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_FORWARD_PASS_H_
