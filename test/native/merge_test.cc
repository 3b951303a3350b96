// Merges of 16-bit layers against numbers that Keras 3 computed with the
// TensorFlow backend, as (y + y_rev) / 2 and the like.
#include "core/merge.h"

#include <cstdint>

#include "core/half.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Merge;
using cudnn_gru::MergedOutput;
using cudnn_gru::MergeShape;
using cudnn_gru::StateRounding;

struct MergeCase {
  StateRounding type;
  uint16_t a;
  uint16_t b;
  uint16_t sum;
  uint16_t product;
  uint16_t average;
};

// The largest number of float16, whose sum overflows before it is halved; its
// smallest ones, whose average lies between two of them; and bfloat16.
constexpr MergeCase kCases[] = {
    {StateRounding::kFloat16, 0x7bff, 0x7bff, 31744, 31744, 31744},
    {StateRounding::kFloat16, 1, 2, 3, 0, 2},
    {StateRounding::kFloat16, 1, 0, 1, 0, 0},
    {StateRounding::kBfloat16, 0x4780, 0x4780, 18432, 20352, 18304},
    {StateRounding::kBfloat16, 13184, 13312, 13376, 10240, 13248},
};

uint16_t Merged(const MergeCase& one, Merge merge, bool to_bits) {
  float a = 0;
  float b = 0;
  cudnn_gru::Widen(one.type, &one.a, &a, 1);
  cudnn_gru::Widen(one.type, &one.b, &b, 1);
  const float* const outputs[2] = {&a, &b};
  const MergeShape shape = {1, {1, 1}, one.type};
  uint16_t bits = 0;
  float value = 0;
  const MergedOutput output = {to_bits ? static_cast<void*>(&bits) : &value,
                               to_bits};
  cudnn_gru::MergeOutputs<float>(merge, shape, {0, 1}, outputs,
                                 cudnn_gru::StepOrder::kMerged, output);
  if (!to_bits) cudnn_gru::Narrow(one.type, &value, &bits, 1);
  return bits;
}

TEST_CASE("every operation of a merge is rounded as Keras rounds it") {
  for (const MergeCase& one : kCases) {
    for (const bool to_bits : {false, true}) {
      const uint16_t sum = Merged(one, Merge::kSum, to_bits);
      const uint16_t product = Merged(one, Merge::kMul, to_bits);
      const uint16_t average = Merged(one, Merge::kAve, to_bits);
      CHECK_MESSAGE(
          (sum == one.sum && product == one.product && average == one.average),
          Format("%d and %d: %d, %d and %d", one.a, one.b, sum, product,
                 average));
    }
  }
}

}  // namespace
}  // namespace cudnn_gru_test
