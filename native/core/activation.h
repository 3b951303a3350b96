#ifndef CUDNN_GRU_CORE_ACTIVATION_H_
#define CUDNN_GRU_CORE_ACTIVATION_H_

// This header must not include any other one, because the translation units
// that are compiled for one instruction set include it (see
// cpu/kernels/kernels.h).

namespace cudnn_gru {

// Keras's activation functions (keras/src/activations), including those that
// only files of earlier versions name.
enum class Activation {
  // Elementwise.
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
  kThreshold,
  kKeras2HardSigmoid,  // 0.2 x + 0.5, limited to [0, 1], of Keras 2
  // Over all units of a row.
  kSoftmax,
  kLogSoftmax,
  kSparsemax,
  kCustom,  // a function that the user wrote: GruCall::custom
};

constexpr int kElementwiseActivations = 27;
constexpr int kActivationCount = 31;

constexpr bool IsElementwise(Activation kind) {
  return static_cast<int>(kind) < kElementwiseActivations;
}

// An activation with its parameters, in the order of the Keras function's
// arguments. Most functions that have one call it `negative_slope`, `alpha`,
// `b` or `threshold`. relu has negative_slope, max_value (infinity for none)
// and threshold. threshold has threshold and default_value.
constexpr int kMaxActivationParameters = 3;
struct ActivationSpec {
  Activation kind = Activation::kLinear;
  double parameters[kMaxActivationParameters] = {0.0, 0.0, 0.0};
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ACTIVATION_H_
