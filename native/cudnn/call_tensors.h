#ifndef CUDNN_GRU_CUDNN_CALL_TENSORS_H_
#define CUDNN_GRU_CUDNN_CALL_TENSORS_H_

#include <cstddef>
#include <vector>

#include "cudnn/chunking.h"
#include "cudnn/host_work.h"
#include "cudnn/weight_layout.h"

namespace cudnn_gru {

// The host tensors of a forward call, whatever Keras's call looks like: one GRU
// or several layers. Converts between them and the tensors that cuDNN computes
// with, which lie in pinned memory here. As in tensor_packing.h every function
// does a part of its work, [begin, end): lines of the chunk, or indices of
// Chunking::order.
class ForwardTensors {
 public:
  virtual ~ForwardTensors() = default;

  virtual bool has_initial_states() const = 0;
  // Whether the outputs of all steps are wanted. Otherwise the output comes
  // from the last states.
  virtual bool returns_sequences() const = 0;

  // `hx` and `hy` are (pseudo-layers, rows, U).
  virtual void PackInitialStates(size_t begin, size_t end, char* hx) const = 0;
  virtual void PackInputs(const Chunk& chunk, size_t begin, size_t end,
                          char* x) const = 0;
  // Returns the memory that most of the results will be written to.
  virtual std::vector<HostRange> Results() const = 0;
  // Unpacks the valid steps.
  virtual void UnpackOutput(const Chunk& chunk, size_t begin, size_t end,
                            const char* y) const = 0;
  // Writes what UnpackOutput leaves of the output. `hy` is null when every row
  // is empty.
  virtual void FinishOutput(size_t begin, size_t end, const char* hy) const = 0;
  // Comes last, because a state may be the array of its initial state.
  virtual void UnpackStates(size_t begin, size_t end, const char* hy) const = 0;
};

// The same for the gradients of a forward call.
class GradientTensors {
 public:
  virtual ~GradientTensors() = default;

  // Whether the outputs of all steps have gradients.
  virtual bool has_output_gradient() const = 0;
  virtual bool wants_input_gradient() const = 0;

  // `dhy` is zero before.
  virtual void PackStateGradients(size_t begin, size_t end,
                                  char* dhy) const = 0;
  virtual void PackOutputGradient(const Chunk& chunk, size_t begin, size_t end,
                                  char* dy) const = 0;
  // Comes after all lines of PackOutputGradient, with the whole `dy`.
  virtual void AddMaskedGradients(size_t begin, size_t end, char* dy) const = 0;
  // Returns the memory that most of the gradients will be written to.
  virtual std::vector<HostRange> Results() const = 0;
  // These two are called when the gradient of the inputs is wanted.
  virtual void UnpackInputGradient(const Chunk& chunk, size_t begin, size_t end,
                                   const char* dx) const = 0;
  virtual void ZeroMaskedInputGradients(size_t begin, size_t end) const = 0;
  // `dhx` is null when every row is empty.
  virtual void UnpackInitialStateGradients(size_t begin, size_t end,
                                           const char* dhx) const = 0;
  virtual void UnpackWeightGradients(const WeightLayout& layout,
                                     const char* space, int threads) const = 0;
  // Writes zeros, for when every row is empty.
  virtual void ZeroWeightGradients() const = 0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CALL_TENSORS_H_
