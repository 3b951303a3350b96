#ifndef CUDNN_GRU_CORE_GRU_PROBLEM_H_
#define CUDNN_GRU_CORE_GRU_PROBLEM_H_

#include <cstddef>
#include <cstdint>

#include "core/activation.h"
#include "core/status.h"

namespace cudnn_gru {

enum class Dtype { kFloat32, kFloat64 };

// The 16-bit type whose values float32 states are rounded to after each step.
enum class StateRounding { kNone, kFloat16, kBfloat16 };

// An activation of the user's. Called on the thread that made the call, one
// row and gate at a time.
class ActivationCallback {
 public:
  virtual ~ActivationCallback() = default;
  // y[0 .. n) = activation(x[0 .. n)), of the layer's dtype; x is not y.
  virtual Status Apply(bool recurrent, const void* x, void* y, size_t n) = 0;
  // dx[0 .. n) = the gradient in x of sum(dy * y), where y is what Apply made
  // of x.
  virtual Status Differentiate(bool recurrent, const void* x, const void* y,
                               const void* dy, void* dx, size_t n) = 0;
};

size_t DtypeSize(Dtype dtype);

// What fixes a layer for life. Gate order everywhere is Keras's: z, r, h.
struct GruDescription {
  Dtype dtype = Dtype::kFloat32;
  size_t features = 0;
  size_t units = 0;
  bool reset_after = true;
  ActivationSpec activation;
  ActivationSpec recurrent_activation;
  StateRounding state_rounding = StateRounding::kNone;  // float32 only
};

// Keras's defaults: tanh, and sigmoid for the gates.
bool HasDefaultActivations(const GruDescription& description);
// Whether either activation is a function of the user's.
bool HasCustomActivation(const GruDescription& description);

// One forward call. Tensors are row-major and contiguous, of the layer's dtype
// unless said otherwise. B, T, F, U: batch, timesteps, features, units.
struct GruCall {
  size_t batch = 0;
  size_t timesteps = 0;
  bool return_sequences = false;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
  const void* inputs = nullptr;         // (B, T, F)
  const void* initial_state = nullptr;  // (B, U), or null: zeros
  // At most one of these two; null: every step counts.
  const uint8_t* mask = nullptr;     // (B, T), non-zero is true
  const int32_t* lengths = nullptr;  // (B,), each 0..T
  // Dropout multipliers, or null.
  const void* input_dropout = nullptr;      // (input_dropout_masks, B, F)
  size_t input_dropout_masks = 0;           // 1, or 3: one for each gate
  const void* recurrent_dropout = nullptr;  // (3, B, U)
  ActivationCallback* custom = nullptr;     // for Activation::kCustom
  void* output = nullptr;  // (B, T, U) with return_sequences, else (B, U)
  void* state = nullptr;   // (B, U); may be initial_state itself
  // Whether these two hold the bits of the description's 16-bit type in place
  // of floats.
  bool inputs_are_bits = false;
  bool output_is_bits = false;
};

// Gradients of a scalar: what comes from above, and where those of a call's
// tensors go. All are of the layer's dtype and of the shapes of the tensors
// they belong to; each may be null (zeros; not wanted).
struct GruGradients {
  const void* d_output = nullptr;
  const void* d_state = nullptr;
  void* d_inputs = nullptr;
  void* d_initial_state = nullptr;
  void* d_kernel = nullptr;              // (F, 3U)
  void* d_recurrent_kernel = nullptr;    // (U, 3U)
  void* d_bias = nullptr;                // (2, 3U) with reset_after, else (3U,)
  ActivationCallback* custom = nullptr;  // for Activation::kCustom
};

// A layer's weights as Keras has them: kernel (F, 3U), recurrent kernel (U, 3U)
// and bias, which is (2, 3U) with reset_after and else (3U,), or null.
struct KerasWeights {
  const void* kernel = nullptr;
  const void* recurrent_kernel = nullptr;
  const void* bias = nullptr;
};

// The number of elements of each of them.
struct WeightSizes {
  size_t kernel = 0;
  size_t recurrent_kernel = 0;
  size_t bias = 0;
};
WeightSizes ComputeWeightSizes(const GruDescription& description);

// The number of elements each tensor of a call must have.
struct GruCallSizes {
  size_t inputs = 0;
  size_t output = 0;
  size_t state = 0;
  size_t mask = 0;
  size_t input_dropout = 0;      // for one mask
  size_t recurrent_dropout = 0;  // for all three
};

// kShape unless 1 <= units, and weights and packed weights fit size_t.
Status CheckDescription(const GruDescription& description);

// kShape when timesteps is 0 or a product overflows.
Status ComputeSizes(const GruDescription& description, size_t batch,
                    size_t timesteps, bool return_sequences,
                    GruCallSizes* sizes);

// Floating-point operations of one call: 2 per multiply-add of both products.
double CallFlops(const GruDescription& description, size_t batch,
                 size_t timesteps);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_GRU_PROBLEM_H_
