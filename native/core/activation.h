#ifndef CUDNN_GRU_CORE_ACTIVATION_H_
#define CUDNN_GRU_CORE_ACTIVATION_H_

// Included by the translation units that are compiled per ISA: no other header
// may come in here (see cpu/kernels.h).

namespace cudnn_gru {

// Keras's elementwise activation functions (keras/src/activations).
enum class Activation {
  kRelu,
  kLeakyRelu,
  kRelu6,
  kCelu,
  kElu,
  kSelu,
  kSoftplus,
  kSoftsign,
  kSquareplus,
  kSoftShrink,
  kSparsePlus,
  kSilu,
  kGelu,
  kTanh,
  kTanhShrink,
  kSigmoid,
  kSparseSigmoid,
  kExponential,
  kHardSigmoid,
  kHardSilu,
  kHardTanh,
  kHardShrink,
  kLinear,
  kMish,
  kLogSigmoid,
};

constexpr int kActivationCount = 25;

// An activation with its one parameter: Keras's `negative_slope`, `alpha`, `b`
// or `threshold`. Unused where the function has none.
struct ActivationSpec {
  Activation kind = Activation::kLinear;
  double parameter = 0.0;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ACTIVATION_H_
