#ifndef CUDNN_GRU_CORE_GRU_DESCRIPTION_H_
#define CUDNN_GRU_CORE_GRU_DESCRIPTION_H_

#include <cstddef>

#include "core/activation.h"
#include "core/half_kernels.h"
#include "core/status.h"

namespace cudnn_gru {

enum class Dtype { kFloat32, kFloat64 };

// Bytes of one element.
size_t DtypeSize(Dtype dtype);

// The properties of a layer that never change. The gates are everywhere in
// Keras's order: z, r, h. Comments write F and U for features and units.
struct GruDescription {
  Dtype dtype = Dtype::kFloat32;
  size_t features = 0;
  size_t units = 0;
  bool reset_after = true;
  ActivationSpec activation;
  ActivationSpec recurrent_activation;
  // The 16-bit type of a float32 layer. Its weights, inputs, states and dropout
  // masks are numbers of this type, and everything that the layer multiplies by
  // weights is rounded to it.
  StateRounding state_rounding = StateRounding::kNone;
};

// Returns kShape unless there is at least one unit and the weights, packed or
// not, have sizes that fit size_t.
Status CheckDescription(const GruDescription& description);

// Whether the activations are Keras's defaults: tanh, and sigmoid for the
// gates.
bool HasDefaultActivations(const GruDescription& description);
// Whether either activation is a function that the user wrote.
bool HasCustomActivation(const GruDescription& description);

// Returns the type that the gradients of the gates' pre-activations are rounded
// to, before they are multiplied. In a bfloat16 layer that is bfloat16, as in
// Keras. float16 could not hold small gradients, so its layers keep them exact.
StateRounding GradientRounding(const GruDescription& description);

// A layer's weights as Keras has them: kernel (F, 3U), recurrent kernel (U, 3U)
// and bias, which is (2, 3U) with reset_after, else (3U,), or null for none.
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

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_GRU_DESCRIPTION_H_
