// Keras's weights in cuDNN's space, at places in any order and with gaps.
#include <vector>

#include "core/half.h"
#include "cudnn/weight_layout.h"
#include "generator.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Dtype;
using cudnn_gru::GruDescription;
using cudnn_gru::PackWeights;
using cudnn_gru::PseudoLayerLayout;
using cudnn_gru::StateRounding;
using cudnn_gru::UnpackWeights;

// Keras's gate, z r h, of cuDNN's r z h.
constexpr size_t kGate[] = {1, 0, 2};

GruDescription Description(Dtype dtype, StateRounding rounding, size_t features,
                           size_t units) {
  GruDescription description;
  description.dtype = dtype;
  description.features = features;
  description.units = units;
  description.state_rounding = rounding;
  return description;
}

// Biases before matrices, backwards, with five elements between.
PseudoLayerLayout Layout(size_t features, size_t units, size_t* elements) {
  PseudoLayerLayout layout;
  size_t at = 0;
  for (size_t id = 6; id-- > 0;) {
    layout.biases[id] = at;
    at += units + 5;
  }
  for (size_t id = 6; id-- > 0;) {
    layout.matrices[id] = at;
    at += units * (id < 3 ? features : units) + 5;
  }
  *elements = at;
  return layout;
}

template <typename T>
std::vector<T> Numbers(size_t n, Generator* generator) {
  std::vector<T> values(n);
  // Exact in every type.
  for (T& value : values) {
    value = static_cast<T>(static_cast<int>(generator->Uniform(-100, 100)));
  }
  return values;
}

template <typename T>
void RoundTrip(StateRounding rounding, size_t features, size_t units,
               Generator* generator) {
  const Dtype dtype = sizeof(T) == 4 ? Dtype::kFloat32 : Dtype::kFloat64;
  const bool narrow = rounding != StateRounding::kNone;
  const GruDescription description =
      Description(dtype, rounding, features, units);
  size_t elements = 0;
  const PseudoLayerLayout layout = Layout(features, units, &elements);
  const std::vector<T> kernel = Numbers<T>(features * 3 * units, generator);
  const std::vector<T> recurrent = Numbers<T>(units * 3 * units, generator);
  const std::vector<T> bias = Numbers<T>(6 * units, generator);
  std::vector<char> space(elements * (narrow ? 2 : sizeof(T)), 77);
  const auto widened = [&] {
    std::vector<T> wide(elements);
    if constexpr (sizeof(T) == 4) {
      if (narrow) {
        cudnn_gru::Widen(rounding,
                         reinterpret_cast<const uint16_t*>(space.data()),
                         wide.data(), wide.size());
      }
    }
    if (!narrow) {
      const T* const values = reinterpret_cast<const T*>(space.data());
      wide.assign(values, values + wide.size());
    }
    return wide;
  };
  const T before = widened()[0];
  PackWeights(description, layout,
              {kernel.data(), recurrent.data(), bias.data()}, space.data(), 3);
  const std::vector<T> wide = widened();
  std::vector<bool> used(wide.size(), false);
  const auto is = [&](size_t at, T value) {
    used[at] = true;
    CHECK_MESSAGE(wide[at] == value, Format("element %zu is %g, not %g", at,
                                            static_cast<double>(wide[at]),
                                            static_cast<double>(value)));
  };
  for (size_t id = 0; id < 6; ++id) {
    const size_t gate = kGate[id % 3];
    const std::vector<T>& from = id < 3 ? kernel : recurrent;
    const size_t depth = id < 3 ? features : units;
    for (size_t unit = 0; unit < units; ++unit) {
      for (size_t k = 0; k < depth; ++k) {
        is(layout.matrices[id] + unit * depth + k,
           from[k * 3 * units + gate * units + unit]);
      }
      is(layout.biases[id] + unit,
         bias[(id < 3 ? 0 : 3 * units) + gate * units + unit]);
    }
  }
  for (size_t at = 0; at < wide.size(); ++at) {
    if (!used[at])
      CHECK_MESSAGE(wide[at] == before, Format("gap %zu was written", at));
  }

  std::vector<T> kernel_back(kernel.size());
  std::vector<T> recurrent_back(recurrent.size());
  std::vector<T> bias_back(bias.size());
  UnpackWeights(description, layout, space.data(),
                {kernel_back.data(), recurrent_back.data(), bias_back.data()},
                3);
  CHECK_MESSAGE(kernel_back == kernel, "kernel came back changed");
  CHECK_MESSAGE(recurrent_back == recurrent,
                "recurrent kernel came back changed");
  CHECK_MESSAGE(bias_back == bias, "bias came back changed");
  UnpackWeights(description, layout, space.data(), {nullptr, nullptr, nullptr},
                1);
}

template <typename T>
void RoundTrips(StateRounding rounding) {
  Generator generator(5);
  for (size_t units : {1, 15, 16, 17, 40}) {
    for (size_t features : {1, 3, 33}) {
      RoundTrip<T>(rounding, features, units, &generator);
    }
  }
}

TEST_CASE("float32 weights") { RoundTrips<float>(StateRounding::kNone); }
TEST_CASE("float64 weights") { RoundTrips<double>(StateRounding::kNone); }
TEST_CASE("float16 weights") { RoundTrips<float>(StateRounding::kFloat16); }
TEST_CASE("bfloat16 weights") { RoundTrips<float>(StateRounding::kBfloat16); }

}  // namespace
}  // namespace cudnn_gru_test
