#ifndef CUDNN_GRU_CORE_GRU_STACK_PASS_H_
#define CUDNN_GRU_CORE_GRU_STACK_PASS_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/cancellation.h"
#include "core/gru_pass.h"
#include "core/merge.h"
#include "core/status.h"
#include "core/workspace.h"

namespace cudnn_gru {

// The sizes of the tensors of a stack's call in elements.
struct StackSizes {
  size_t inputs = 0;
  size_t mask = 0;
  size_t outputs[2] = {0, 0};
};

// The gradients of one GRU of a stack. As in GruGradients, null from above is
// zeros, and a null result is not wanted.
struct HalfGradients {
  const void* d_state = nullptr;
  void* d_initial_state = nullptr;
  void* d_kernel = nullptr;
  void* d_recurrent_kernel = nullptr;
  void* d_bias = nullptr;
};

// The gradients of one call of a stack.
struct StackGradients {
  const void* d_outputs[2] = {nullptr, nullptr};  // the second for kSeparate
  void* d_inputs = nullptr;
  // One for each GRU, in the order of the layers, the forward half first.
  std::vector<HalfGradients> halves;
};

// Everything that one layer of a call kept.
struct LayerPass {
  std::unique_ptr<GruPass> halves[2];  // the second one may be null
  Merge merge = Merge::kNone;
  // The outputs of both halves in the order of the merged output, for kMul.
  const void* outputs[2] = {nullptr, nullptr};

  size_t half_count() const { return halves[1] == nullptr ? 1 : 2; }
};

// Everything that a call of a stack kept for its gradients. It serves one
// backward call, as a GruPass does.
class GruStackPass {
 public:
  GruStackPass() = default;
  virtual ~GruStackPass() = default;
  GruStackPass(const GruStackPass&) = delete;
  GruStackPass& operator=(const GruStackPass&) = delete;

  // Adds the pass of the next layer.
  void Add(LayerPass layer) { layers_.push_back(std::move(layer)); }
  // Keeps memory that the passes of the layers use.
  void Own(std::unique_ptr<const Workspace> memory) {
    memory_.push_back(std::move(memory));
  }

  const std::vector<LayerPass>& layers() const { return layers_; }
  // The sizes of the forward call's tensors.
  StackSizes sizes() const;
  virtual size_t bytes() const;
  virtual bool spent() const { return spent_; }

  // Computes the gradients, the last layer first, on this thread and on up to
  // `threads` threads in all. `cancellation` may be null. Each gradient is bit
  // for bit that of GruPass::Backward, and that of the inputs of two halves is
  // the forward half's plus the backward half's. Those of inputs are rounded to
  // the 16-bit type of the layers. Returns kState when the pass
  // is spent. Only a call that succeeds leaves defined values in `gradients`.
  virtual Status Backward(const StackGradients& gradients, int threads,
                          const Cancellation* cancellation);

 protected:
  // Whether the two halves of `layer` are better computed side by side, on one
  // thread each, than one after the other on all threads.
  virtual bool SideBySide(const LayerPass& layer, int threads) const;

 private:
  std::vector<LayerPass> layers_;
  std::vector<std::unique_ptr<const Workspace>> memory_;
  bool spent_ = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_GRU_STACK_PASS_H_
