#include "core/random.h"

#include <cmath>

#include "core/portable_math.h"

namespace cudnn_gru {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;

}  // namespace

void PhiloxBlock(const uint32_t counter[4], const uint32_t key[2],
                 uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = static_cast<uint64_t>(kMultiplier0) * c0;
    const uint64_t p1 = static_cast<uint64_t>(kMultiplier1) * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

Philox::Philox(uint64_t seed, uint64_t stream)
    : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      counter_{0, 0, static_cast<uint32_t>(stream),
               static_cast<uint32_t>(stream >> 32)} {}

uint32_t Philox::NextBits() {
  if (used_ == 4) {
    PhiloxBlock(counter_, key_, block_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[used_++];
}

double Philox::NextUniform() {
  const uint64_t high = NextBits() >> 5;
  const uint64_t low = NextBits() >> 6;
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

double Philox::NextNormal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  // NextUniform returns numbers in [0, 1). The difference is in (0, 1], so its
  // logarithm is finite.
  const double radius = std::sqrt(-2.0 * PortableLog(1.0 - NextUniform()));
  double sine;
  double cosine;
  PortableSinCos(NextUniform(), &sine, &cosine);
  spare_ = radius * sine;
  has_spare_ = true;
  return radius * cosine;
}

template <typename T>
void FillUniform(T* out, size_t n, uint64_t seed, double low, double high) {
  Philox philox(seed, 0);
  const T limit = static_cast<T>(high);
  for (size_t i = 0; i < n; ++i) {
    T value = static_cast<T>(low + (high - low) * philox.NextUniform());
    // Rounding may reach `high`, which does not belong to the interval.
    if (value >= limit && low < high) {
      value = std::nextafter(limit, static_cast<T>(low));
    }
    out[i] = value;
  }
}

template <typename T>
void FillNormal(T* out, size_t n, uint64_t seed, double mean, double stddev) {
  Philox philox(seed, 0);
  for (size_t i = 0; i < n; ++i) {
    out[i] = static_cast<T>(mean + stddev * philox.NextNormal());
  }
}

template <typename T>
void FillTruncatedNormal(T* out, size_t n, uint64_t seed, double mean,
                         double stddev) {
  Philox philox(seed, 0);
  for (size_t i = 0; i < n; ++i) {
    double normal = philox.NextNormal();
    while (std::fabs(normal) > 2.0) normal = philox.NextNormal();
    out[i] = static_cast<T>(mean + stddev * normal);
  }
}

template <typename T>
void FillDropoutMask(T* out, size_t n, uint64_t seed, uint64_t stream,
                     double rate) {
  Philox philox(seed, stream);
  const T kept = static_cast<T>(1.0 / (1.0 - rate));
  for (size_t i = 0; i < n; ++i) {
    out[i] = philox.NextUniform() < rate ? T(0) : kept;
  }
}

#define CUDNN_GRU_INSTANTIATE(T)                                              \
  template void FillUniform<T>(T*, size_t, uint64_t, double, double);         \
  template void FillNormal<T>(T*, size_t, uint64_t, double, double);          \
  template void FillTruncatedNormal<T>(T*, size_t, uint64_t, double, double); \
  template void FillDropoutMask<T>(T*, size_t, uint64_t, uint64_t, double);
CUDNN_GRU_INSTANTIATE(float)
CUDNN_GRU_INSTANTIATE(double)
#undef CUDNN_GRU_INSTANTIATE

}  // namespace cudnn_gru
