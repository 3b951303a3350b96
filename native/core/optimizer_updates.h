#ifndef CUDNN_GRU_CORE_OPTIMIZER_UPDATES_H_
#define CUDNN_GRU_CORE_OPTIMIZER_UPDATES_H_

#include <cstddef>

namespace cudnn_gru {

// Keras's optimizer updates, one variable at a time and in place. T is float or
// double; every operation is rounded to T, in Keras's order. All arrays have n
// elements and do not overlap unless it says so.

// Sum of squares in double, in an order that depends on n alone. Not finite if
// an element is not, or if the sum is too large.
template <typename T>
double SquareSum(const T* values, size_t n);

// Index of the first NaN (or, with `infinities`, the first NaN or infinity); n
// when there is none.
template <typename T>
size_t FirstNonFinite(const T* values, size_t n, bool infinities);

// out = values * factor / divisor; `out` may be `values`.
template <typename T>
void Rescale(T* out, const T* values, size_t n, T factor, T divisor);

// out = values held to [-limit, limit], NaN kept; `out` may be `values`.
template <typename T>
void ClipValues(T* out, const T* values, size_t n, T limit);

// out = (a + b) / divisor; `out` may be `a` or `b`.
template <typename T>
void AddAndDivide(T* out, const T* a, const T* b, size_t n, T divisor);

// weights -= weights * decay * learning_rate.
template <typename T>
void DecayWeights(T* weights, size_t n, T decay, T learning_rate);

// average = momentum * average + (1 - momentum) * weights.
template <typename T>
void UpdateAverage(T* average, const T* weights, size_t n, T momentum);

// `momentums` is null without momentum.
template <typename T>
void UpdateSgd(T* weights, T* momentums, const T* gradient, size_t n,
               T learning_rate, T momentum, bool nesterov);

template <typename T>
struct RmspropNumbers {
  T learning_rate, rho, one_minus_rho, momentum, epsilon;
};

// `momentums` is null without momentum, `average_gradients` unless centered.
template <typename T>
void UpdateRmsprop(T* weights, T* velocities, T* momentums,
                   T* average_gradients, const T* gradient, size_t n,
                   const RmspropNumbers<T>& numbers);

template <typename T>
struct AdamNumbers {
  // The learning rate with both bias corrections.
  T alpha;
  T one_minus_beta_1, one_minus_beta_2, epsilon;
};

// `velocity_hats` is null without amsgrad.
template <typename T>
void UpdateAdam(T* weights, T* momentums, T* velocities, T* velocity_hats,
                const T* gradient, size_t n, const AdamNumbers<T>& numbers);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_OPTIMIZER_UPDATES_H_
