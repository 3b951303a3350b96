#ifndef CUDNN_GRU_CUDNN_SEQUENCE_GRADIENTS_H_
#define CUDNN_GRU_CUDNN_SEQUENCE_GRADIENTS_H_

#include <cstddef>

#include "core/gru_call.h"
#include "cudnn/call_tensors.h"
#include "cudnn/chunking.h"
#include "cudnn/tensor_packing.h"

namespace cudnn_gru {

// The gradients of a call that have a value for each timestep: that of cuDNN's
// output, whose units `description` has, and that of the inputs. For cuDNN one
// GRU and several layers do not differ in them. The states and weights are the
// subclasses'.
class SequenceGradientTensors : public GradientTensors {
 public:
  bool has_output_gradient() const override {
    return call_.return_sequences && d_output_ != nullptr;
  }
  bool wants_input_gradient() const override { return d_inputs_ != nullptr; }
  void PackOutputGradient(const Chunk& chunk, size_t begin, size_t end,
                          char* dy) const override;
  void AddMaskedGradients(size_t begin, size_t end, char* dy) const override;
  void UnpackInputGradient(const Chunk& chunk, size_t begin, size_t end,
                           const char* dx) const override;
  void ZeroMaskedInputGradients(size_t begin, size_t end) const override;

 protected:
  // Uses the sizes and flags of `call` alone. `chunking` must outlive this
  // object. `repeated_units` are those of TensorPacking.
  SequenceGradientTensors(const GruDescription& description,
                          const GruCall& call, const Chunking& chunking,
                          size_t repeated_units, void* d_inputs)
      : call_(call),
        packing_(description, call_, chunking, repeated_units),
        d_inputs_(d_inputs) {}

  // Returns the memory that the gradient of the inputs is written to.
  HostRange InputGradient() const {
    return {d_inputs_, packing_.HostInputGradientBytes()};
  }
  const TensorPacking& packing() const { return packing_; }
  // Null, as it is at first, stands for zeros.
  void set_output_gradient(const void* d_output) { d_output_ = d_output; }

 private:
  const GruCall call_;
  const TensorPacking packing_;
  const void* d_output_ = nullptr;  // (B, T, units)
  void* const d_inputs_;            // (B, T, F), or null if not wanted
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SEQUENCE_GRADIENTS_H_
