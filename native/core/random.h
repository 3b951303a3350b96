#ifndef CUDNN_GRU_CORE_RANDOM_H_
#define CUDNN_GRU_CORE_RANDOM_H_

#include <cstddef>
#include <cstdint>

namespace cudnn_gru {

// Counter-based generator Philox4x32-10 (Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011): the n-th block of a (seed, stream)
// pair is a pure function of n.
class Philox {
 public:
  Philox(uint64_t seed, uint64_t stream);

  // Uniform in [0, 1), 53 random bits.
  double NextUniform();
  // Standard normal (Box and Muller).
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

// The ten rounds, for known-answer tests: out = philox4x32-10(counter, key).
void PhiloxBlock(const uint32_t counter[4], const uint32_t key[2],
                 uint32_t out[4]);

// Fill `out` (n elements). T is float or double.
template <typename T>
void FillUniform(T* out, size_t n, uint64_t seed, double low, double high);
template <typename T>
void FillNormal(T* out, size_t n, uint64_t seed, double mean, double stddev);
// Normal, redrawn while more than two standard deviations from the mean.
template <typename T>
void FillTruncatedNormal(T* out, size_t n, uint64_t seed, double mean,
                         double stddev);
// 0 with probability `rate`, else 1 / (1 - rate); 0 <= rate < 1.
template <typename T>
void FillDropoutMask(T* out, size_t n, uint64_t seed, uint64_t stream,
                     double rate);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_RANDOM_H_
