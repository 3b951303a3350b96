#ifndef CUDNN_GRU_CORE_OPTIMIZER_UPDATES_H_
#define CUDNN_GRU_CORE_OPTIMIZER_UPDATES_H_

#include <cstddef>

namespace cudnn_gru {

// Keras's optimizer updates, which change one variable in place. T is float or
// double, and every operation is rounded to T, in Keras's order. All arrays
// have n elements. They do not overlap unless the comment says that they may.
//
// Up to `threads` threads share a large variable. The results are bit for bit
// the same for any number of threads.

// Returns the sum of the squares, added as doubles in an order that depends on
// n alone. It is not finite if an element is not, or if it is too large.
template <typename T>
double SquareSum(const T* values, size_t n, int threads);

enum class NonFinite { kNaN, kNaNOrInfinity };

// Returns the index of the first value of that kind, or n if there is none.
template <typename T>
size_t FirstNonFinite(const T* values, size_t n, NonFinite kind);

// out = values * factor / divisor; `out` may be `values`.
template <typename T>
void Rescale(T* out, const T* values, size_t n, T factor, T divisor,
             int threads);

// out = values, limited to [-limit, limit]. NaN stays NaN. `out` may be
// `values`.
template <typename T>
void ClipValues(T* out, const T* values, size_t n, T limit, int threads);

// out = (a + b) / divisor; `out` may be `a` or `b`.
template <typename T>
void AddAndDivide(T* out, const T* a, const T* b, size_t n, T divisor,
                  int threads);

// weights -= weights * decay * learning_rate.
template <typename T>
void DecayWeights(T* weights, size_t n, T decay, T learning_rate, int threads);

// average = momentum * average + (1 - momentum) * weights.
template <typename T>
void UpdateAverage(T* average, const T* weights, size_t n, T momentum,
                   int threads);

template <typename T>
struct Gradient {
  const T* values;
  size_t n;
};

enum class MomentumKind { kClassic, kNesterov };

template <typename T>
struct SgdNumbers {
  T learning_rate, momentum;
  MomentumKind kind;
};

// `momentums` is null without momentum.
template <typename T>
void UpdateSgd(T* weights, T* momentums, Gradient<T> gradient,
               const SgdNumbers<T>& numbers, int threads);

// Keras's slots: the arrays that the optimizer keeps for the variable.
template <typename T>
struct RmspropSlots {
  T* velocities;
  T* momentums;          // null without momentum
  T* average_gradients;  // null unless centered
};

template <typename T>
struct RmspropNumbers {
  T learning_rate, rho, one_minus_rho, momentum, epsilon;
};

template <typename T>
void UpdateRmsprop(T* weights, const RmspropSlots<T>& slots,
                   Gradient<T> gradient, const RmspropNumbers<T>& numbers,
                   int threads);

template <typename T>
struct AdamSlots {
  T* momentums;
  T* velocities;
  T* velocity_hats;  // null without amsgrad
};

template <typename T>
struct AdamNumbers {
  // The learning rate with both bias corrections.
  T alpha;
  T one_minus_beta_1, one_minus_beta_2, epsilon;
};

template <typename T>
void UpdateAdam(T* weights, const AdamSlots<T>& slots, Gradient<T> gradient,
                const AdamNumbers<T>& numbers, int threads);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_OPTIMIZER_UPDATES_H_
