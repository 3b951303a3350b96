#ifndef CUDNN_GRU_CORE_GRU_CALL_H_
#define CUDNN_GRU_CORE_GRU_CALL_H_

#include <cstddef>
#include <cstdint>

#include "core/gru_description.h"
#include "core/status.h"

namespace cudnn_gru {

// The place of an activation in the layer: the candidate (h), or a gate (z, r).
enum class ActivationRole { kCandidate, kGate };

// An activation that the user wrote. It is called on the thread that made the
// call, for one row and one gate at a time.
class ActivationCallback {
 public:
  virtual ~ActivationCallback() = default;
  // y[0 .. n) = activation(x[0 .. n)). Both arrays have the layer's dtype and
  // do not overlap.
  virtual Status Apply(ActivationRole role, const void* x, void* y,
                       size_t n) = 0;
  // dx[0 .. n) = the gradient of sum(dy * y) with respect to x, where y is the
  // result of Apply for x.
  virtual Status Differentiate(ActivationRole role, const void* x,
                               const void* y, const void* dy, void* dx,
                               size_t n) = 0;
};

// One forward call. Tensors are row-major and contiguous, and have the layer's
// dtype unless the comment says otherwise. B, T, F and U are the batch, the
// timesteps, the features and the units.
struct GruCall {
  size_t batch = 0;
  size_t timesteps = 0;
  bool return_sequences = false;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
  const void* inputs = nullptr;         // (B, T, F)
  const void* initial_state = nullptr;  // (B, U), or null for zeros
  // At most one of these two is given. Without them every step counts.
  const uint8_t* mask = nullptr;     // (B, T), non-zero is true
  const int32_t* lengths = nullptr;  // (B,), each from 0 to T
  // Dropout multipliers, or null.
  const void* input_dropout = nullptr;      // (input_dropout_masks, B, F)
  size_t input_dropout_masks = 0;           // 1, or 3: one for each gate
  const void* recurrent_dropout = nullptr;  // (3, B, U)
  ActivationCallback* custom = nullptr;     // for Activation::kCustom
  void* output = nullptr;  // (B, T, U) with return_sequences, else (B, U)
  void* state = nullptr;   // (B, U); may be initial_state itself
  // Whether these two hold bits of the description's 16-bit type and not
  // floats.
  bool inputs_are_bits = false;
  bool output_is_bits = false;
};

// The gradients of one call. The first two come from above; the others are
// written. All have the layer's dtype and the shapes of the tensors that they
// belong to. A null gradient from above is zeros, and a null result is not
// wanted.
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

// The number of elements that each tensor of a call must have.
struct GruCallSizes {
  size_t inputs = 0;
  size_t output = 0;
  size_t state = 0;
  size_t mask = 0;
  size_t input_dropout = 0;      // of one mask
  size_t recurrent_dropout = 0;  // of all three masks
};

// Computes the sizes from the numbers and flags of `call`. Returns kShape when
// there are no timesteps or a tensor would be too large.
Status ComputeSizes(const GruDescription& description, const GruCall& call,
                    GruCallSizes* sizes);

// Returns the floating-point operations of a call: two for each
// multiplication and addition of both matrix products.
double CallFlops(const GruDescription& description, size_t batch,
                 size_t timesteps);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_GRU_CALL_H_
