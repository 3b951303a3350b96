#ifndef CUDNN_GRU_CORE_RANDOM_H_
#define CUDNN_GRU_CORE_RANDOM_H_

#include <cstddef>
#include <cstdint>

namespace cudnn_gru {

// The counter-based generator Philox4x32-10 (Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011). The n-th block for a seed and a
// stream is a pure function of n.
class Philox {
 public:
  Philox(uint64_t seed, uint64_t stream);

  // Returns a uniform number in [0, 1) with 53 random bits.
  double NextUniform();
  // Returns a standard normal number, by the method of Box and Muller.
  double NextNormal();

 private:
  uint32_t NextBits();

  uint32_t key_[2];
  uint32_t counter_[4];
  uint32_t block_[4];
  int used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0.0;
};

// Computes out = philox4x32-10(counter, key). Tests compare it with known
// answers.
void PhiloxBlock(const uint32_t counter[4], const uint32_t key[2],
                 uint32_t out[4]);

// Fill the n elements of `out`. T is float or double.
template <typename T>
void FillUniform(T* out, size_t n, uint64_t seed, double low, double high);
template <typename T>
void FillNormal(T* out, size_t n, uint64_t seed, double mean, double stddev);
// Draws a normal number again while it is more than two standard deviations
// from the mean.
template <typename T>
void FillTruncatedNormal(T* out, size_t n, uint64_t seed, double mean,
                         double stddev);
// Each element is 0 with the probability `rate`, else 1 / (1 - rate), where
// 0 <= rate < 1.
template <typename T>
void FillDropoutMask(T* out, size_t n, uint64_t seed, uint64_t stream,
                     double rate);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_RANDOM_H_
