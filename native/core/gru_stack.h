#ifndef CUDNN_GRU_CORE_GRU_STACK_H_
#define CUDNN_GRU_CORE_GRU_STACK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/gru_backend.h"
#include "core/gru_call.h"
#include "core/gru_stack_pass.h"
#include "core/merge.h"
#include "core/status.h"

namespace cudnn_gru {

// One GRU of a stack's layer, and what a call gives it. The pointers are those
// of GruCall.
struct StackHalf {
  std::shared_ptr<const GruBackend> backend;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
  const void* initial_state = nullptr;      // (B, U), or null for zeros
  void* state = nullptr;                    // (B, U); may be initial_state
  const void* input_dropout = nullptr;      // (input_dropout_masks, B, F)
  size_t input_dropout_masks = 0;           // 1 or 3
  const void* recurrent_dropout = nullptr;  // (3, B, U)
};

// A layer of a stack: one GRU, or the forward half and the backward half of a
// Bidirectional. As in Keras, the backward half's sequence is reversed in time
// before the two are merged. Its go_backwards is set by whoever fills it in.
struct StackLayer {
  StackHalf halves[2];
  size_t half_count = 1;
  Merge merge = Merge::kNone;  // kNone for one half, and only then
  bool return_sequences = true;
};

// One call of a stack: its layers compute one after the other, each from the
// output of the layer before. Tensors are as in GruCall. F is the first
// layer's number of features.
struct StackCall {
  size_t batch = 0;
  size_t timesteps = 0;
  const void* inputs = nullptr;  // (B, T, F)
  // The same for all layers.
  const uint8_t* mask = nullptr;
  const int32_t* lengths = nullptr;
  // Every layer but the last has return_sequences, and merges to one output.
  std::vector<StackLayer> layers;
  // The output of the last layer: (B, T, W) or (B, W), where W is its width.
  // The second one is for Merge::kSeparate.
  void* outputs[2] = {nullptr, nullptr};
  bool inputs_are_bits = false;
  bool output_is_bits = false;
};

// Checks that the layers fit each other, and computes the sizes. Looks at the
// numbers, flags and backends of `call` alone, and not at its tensors.
//
// Fails with kArgument or kShape when the layers do not fit, with kDtype when
// they differ in dtype or rounding, and with kUnsupported for activations that
// the user wrote.
Status CheckStack(const StackCall& call, StackSizes* sizes);

// Returns the call of one half that computes `layer` from `inputs`. The caller
// sets its output.
GruCall CallOfHalf(const StackCall& call, size_t layer, size_t half,
                   const void* inputs);

// Returns the number of elements of a step of the layer's first output.
size_t WidthOf(const StackLayer& layer);

// Computes stacks whose backends are all of one kind. It lives as long as the
// GruStack that it was made for, so it may keep what later calls can use again.
// All methods may be called on several threads at a time.
class GruStackRunner {
 public:
  virtual ~GruStackRunner() = default;

  // The bytes of memory that this keeps between calls.
  virtual size_t bytes() const { return 0; }

  // Whether this can compute `call`. If not, the layers are called one by one.
  virtual bool CanRun(const StackCall& call) const = 0;

  // Does what GruStack::Forward says.
  virtual Status Forward(const StackCall& call,
                         const ComputeOptions& options) = 0;

  virtual Status ForwardKeepingPass(const StackCall& call,
                                    const ComputeOptions& options,
                                    std::unique_ptr<GruStackPass>* pass) = 0;
};

// Computes the calls of one stack, which CheckStack must have accepted. Calls
// whose layers have backends of one kind, which has a runner for stacks, are
// computed by it. All others are computed layer by layer, on whatever paths the
// layers have.
class GruStack {
 public:
  // The bytes of memory that this keeps between calls, beside the weights of
  // its layers.
  size_t bytes() const;

  // Computes `call`. Returns the errors of GruBackend::Forward, and leaves
  // outputs and states undefined after a failure. On the CPU the results are
  // bit for bit those of calling the layers one by one.
  Status Forward(const StackCall& call, const ComputeOptions& options);

  // Computes `call` as Forward does, and keeps in `pass` everything that its
  // gradients need.
  Status ForwardKeepingPass(const StackCall& call,
                            const ComputeOptions& options,
                            std::unique_ptr<GruStackPass>* pass);

 private:
  // A runner, and the function that made it. Both are set once, the function
  // last, so that calls find their runner without a lock.
  struct Kind {
    std::atomic<GruBackend::StackRunnerMaker> maker{nullptr};
    std::unique_ptr<GruStackRunner> runner;
  };
  // A call takes the CPU path or the cuDNN path.
  static constexpr size_t kMostKinds = 2;

  // Returns the runner for the call, or null when there is none.
  GruStackRunner* RunnerFor(const StackCall& call);
  GruStackRunner* RunnerOf(GruBackend::StackRunnerMaker maker) const;
  GruStackRunner* MakeRunner(GruBackend::StackRunnerMaker maker);

  Kind kinds_[kMostKinds];
  std::mutex making_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_GRU_STACK_H_
