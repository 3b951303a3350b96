#ifndef CUDNN_GRU_TEST_NATIVE_CHECK_H_
#define CUDNN_GRU_TEST_NATIVE_CHECK_H_

#include <cstdarg>
#include <cstdint>
#include <cstdio>

// The little that a native test program needs: counted checks, and numbers that
// are the same on every run.
namespace cudnn_gru_test {

inline int checks = 0;
inline int failures = 0;

// Counts one check; a failed one prints `format`.
__attribute__((format(printf, 2, 3))) inline void Check(bool passed,
                                                        const char* format,
                                                        ...) {
  ++checks;
  if (passed) return;
  ++failures;
  // A broken kernel fails thousands of checks; the first ones tell which.
  if (failures > 20) return;
  std::va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
}

// Prints the counts and gives main's result; a program that checked nothing has
// failed.
inline int Finish() {
  std::printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 && checks > 0 ? 0 : 1;
}

// splitmix64 (Steele, Lea, Flood 2014).
class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // Uniform in [low, high).
  double Uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(Next() >> 11) * 0x1p-53;
  }

 private:
  uint64_t state_;
};

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_CHECK_H_
