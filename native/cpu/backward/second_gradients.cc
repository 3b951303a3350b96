#include "cpu/backward/second_gradients.h"

#include "cpu/kernels/kernels.h"

namespace cudnn_gru {

template <typename T>
typename SecondGradients<T>::Array SecondGradients<T>::TakeOne(
    const void* wanted, size_t size, BumpAllocator& allocator) {
  if (wanted == nullptr) return Array();
  return {allocator.Take<T>(size), size};
}

template <typename T>
void SecondGradients<T>::Add(const Array& array, void* to) {
  T* const sums = static_cast<T*>(to);
  for (size_t i = 0; i < array.size; ++i) sums[i] += array.data[i];
}

template <typename T>
void SecondGradients<T>::Take(const GruDescription& description,
                              const GruGradients& wanted,
                              BumpAllocator& allocator) {
  const size_t row = kGates * description.units;
  const size_t biases = description.reset_after ? 2 : 1;
  kernel_ = TakeOne(wanted.d_kernel, description.features * row, allocator);
  recurrent_kernel_ =
      TakeOne(wanted.d_recurrent_kernel, description.units * row, allocator);
  bias_ = TakeOne(wanted.d_bias, biases * row, allocator);
}

template <typename T>
GruGradients SecondGradients<T>::InPlaceOf(const GruGradients& wanted) const {
  GruGradients gradients = wanted;
  gradients.d_kernel = kernel_.data;
  gradients.d_recurrent_kernel = recurrent_kernel_.data;
  gradients.d_bias = bias_.data;
  return gradients;
}

template <typename T>
void SecondGradients<T>::AddTo(const GruGradients& gradients) const {
  Add(kernel_, gradients.d_kernel);
  Add(recurrent_kernel_, gradients.d_recurrent_kernel);
  Add(bias_, gradients.d_bias);
}

template class SecondGradients<float>;
template class SecondGradients<double>;

}  // namespace cudnn_gru
