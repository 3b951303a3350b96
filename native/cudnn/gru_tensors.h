#ifndef CUDNN_GRU_CUDNN_GRU_TENSORS_H_
#define CUDNN_GRU_CUDNN_GRU_TENSORS_H_

#include <cstddef>
#include <vector>

#include "core/gru_call.h"
#include "cudnn/call_tensors.h"
#include "cudnn/chunking.h"
#include "cudnn/sequence_gradients.h"
#include "cudnn/tensor_packing.h"

namespace cudnn_gru {

// The tensors of one GRU's call. All arguments must outlive this object.
class GruForwardTensors : public ForwardTensors {
 public:
  GruForwardTensors(const GruDescription& description, const GruCall& call,
                    const Chunking& chunking)
      : call_(call), packing_(description, call, chunking) {}

  bool has_initial_states() const override {
    return call_.initial_state != nullptr;
  }
  bool returns_sequences() const override { return call_.return_sequences; }
  void PackInitialStates(size_t begin, size_t end, char* hx) const override;
  void PackInputs(const Chunk& chunk, size_t begin, size_t end,
                  char* x) const override;
  std::vector<HostRange> Results() const override {
    return {{call_.output, packing_.HostOutputBytes()}};
  }
  void UnpackOutput(const Chunk& chunk, size_t begin, size_t end,
                    const char* y) const override;
  void FinishOutput(size_t begin, size_t end, const char* hy) const override;
  void UnpackStates(size_t begin, size_t end, const char* hy) const override;

 private:
  const GruCall& call_;
  const TensorPacking packing_;
};

// The gradients of one GRU's call. Uses the sizes and flags of `call` alone.
// All arguments must outlive this object.
class GruGradientTensors : public SequenceGradientTensors {
 public:
  GruGradientTensors(const GruDescription& description, const GruCall& call,
                     const Chunking& chunking, const GruGradients& gradients)
      : SequenceGradientTensors(description, call, chunking, description.units,
                                gradients.d_inputs),
        description_(description),
        gradients_(gradients) {
    set_output_gradient(gradients.d_output);
  }

  void PackStateGradients(size_t begin, size_t end, char* dhy) const override;
  std::vector<HostRange> Results() const override;
  void UnpackInitialStateGradients(size_t begin, size_t end,
                                   const char* dhx) const override;
  void UnpackWeightGradients(const WeightLayout& layout, const char* space,
                             int threads) const override;
  void ZeroWeightGradients() const override;

 private:
  const GruDescription& description_;
  const GruGradients& gradients_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_GRU_TENSORS_H_
