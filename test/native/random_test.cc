// Philox against its authors' known answers, the moments of the fills, and the
// orthogonal initializer.
#include "core/random.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu/initializers/orthogonal.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

// philox4x32 with 10 rounds, from kat_vectors of the Random123 distribution.
TEST_CASE("philox gives the known answers") {
  struct Vector {
    uint32_t counter[4], key[2], out[4];
  };
  const Vector vectors[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Vector& vector : vectors) {
    uint32_t out[4];
    cudnn_gru::PhiloxBlock(vector.counter, vector.key, out);
    for (int i = 0; i < 4; ++i) {
      CHECK_MESSAGE(out[i] == vector.out[i],
                    Format("philox word %d: %08x, expected %08x", i, out[i],
                           vector.out[i]));
    }
  }
}

template <typename T>
void Moments(const std::vector<T>& values, double mean, double stddev,
             const char* name) {
  double sum = 0, squares = 0;
  for (T value : values) sum += static_cast<double>(value);
  const double found = sum / static_cast<double>(values.size());
  for (T value : values) {
    squares += (static_cast<double>(value) - found) *
               (static_cast<double>(value) - found);
  }
  const double deviation =
      std::sqrt(squares / static_cast<double>(values.size()));
  const double error =
      5 * stddev / std::sqrt(static_cast<double>(values.size()));
  CHECK_MESSAGE(std::fabs(found - mean) < error,
                Format("%s: mean %.5f, expected %.5f", name, found, mean));
  CHECK_MESSAGE(std::fabs(deviation - stddev) < error,
                Format("%s: standard deviation %.5f, expected %.5f", name,
                       deviation, stddev));
}

TEST_CASE_TEMPLATE("fills have their moments and ranges", T, float, double) {
  std::vector<T> values(200000);
  cudnn_gru::FillUniform(values.data(), values.size(), 5, -2, 3);
  Moments(values, 0.5, 5 / std::sqrt(12.0), "uniform");
  CHECK_MESSAGE((*std::min_element(values.begin(), values.end()) >= T(-2) &&
                 *std::max_element(values.begin(), values.end()) < T(3)),
                "uniform leaves its range");
  cudnn_gru::FillNormal(values.data(), values.size(), 5, 1, 0.25);
  Moments(values, 1, 0.25, "normal");
  cudnn_gru::FillTruncatedNormal(values.data(), values.size(), 5, 1, 0.25);
  // The deviation of a normal cut at two deviations is 0.8796 of the original.
  Moments(values, 1, 0.25 * 0.87962566, "truncated normal");
  CHECK_MESSAGE((*std::min_element(values.begin(), values.end()) >= T(0.5) &&
                 *std::max_element(values.begin(), values.end()) <= T(1.5)),
                "truncated normal leaves its range");
  cudnn_gru::FillDropoutMask(values.data(), values.size(), 5, 9, 0.3);
  Moments(values, 1, std::sqrt(0.3 / 0.7), "dropout mask");
  CHECK_MESSAGE(std::all_of(values.begin(), values.end(),
                            [](T value) {
                              return value == T(0) ||
                                     value == static_cast<T>(1 / 0.7);
                            }),
                "dropout mask holds other values");

  std::vector<T> same(values.size()), other(values.size());
  cudnn_gru::FillDropoutMask(same.data(), same.size(), 5, 9, 0.3);
  cudnn_gru::FillDropoutMask(other.data(), other.size(), 5, 10, 0.3);
  CHECK_MESSAGE(same == values, "one seed and stream gave two masks");
  CHECK_MESSAGE(other != values, "two streams gave one mask");
  cudnn_gru::FillDropoutMask(other.data(), other.size(), 6, 9, 0.3);
  CHECK_MESSAGE(other != values, "two seeds gave one mask");
}

template <typename T>
void Orthogonal(size_t rows, size_t columns, double tolerance) {
  const double gain = 1.5;
  std::vector<T> matrix(rows * columns);
  const cudnn_gru::Status status =
      cudnn_gru::FillOrthogonal(matrix.data(), rows, columns, 3, gain);
  CHECK_MESSAGE(status.ok(), Format("orthogonal %zux%zu: %s", rows, columns,
                                    status.message().c_str()));
  const size_t count = std::min(rows, columns);
  double worst = 0;
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double dot = 0;
      for (size_t k = 0; k < std::max(rows, columns); ++k) {
        dot += rows <= columns
                   ? static_cast<double>(matrix[i * columns + k]) *
                         static_cast<double>(matrix[j * columns + k])
                   : static_cast<double>(matrix[k * columns + i]) *
                         static_cast<double>(matrix[k * columns + j]);
      }
      worst = std::max(worst, std::fabs(dot / (gain * gain) - (i == j)));
    }
  }
  CHECK_MESSAGE(worst <= tolerance,
                Format("orthogonal %zux%zu float%zu: off by %.3g", rows,
                       columns, sizeof(T) * 8, worst));
}

// One row, single columns, block borders, square matrices (the worst
// conditioned) and a recurrent kernel's shape.
TEST_CASE_TEMPLATE("orthogonal matrices are orthogonal", T, float, double) {
  const size_t sizes[][2] = {
      {1, 1},   {1, 7},   {7, 1},     {3, 3},   {31, 33},   {32, 96},  {33, 99},
      {65, 65}, {96, 32}, {200, 200}, {5, 300}, {100, 300}, {257, 129}};
  for (const auto& size : sizes) {
    Orthogonal<T>(size[0], size[1], sizeof(T) == 4 ? 1e-6 : 1e-13);
  }
}

}  // namespace
}  // namespace cudnn_gru_test
