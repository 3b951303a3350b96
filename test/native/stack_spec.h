#ifndef CUDNN_GRU_TEST_NATIVE_STACK_SPEC_H_
#define CUDNN_GRU_TEST_NATIVE_STACK_SPEC_H_

#include <string>
#include <vector>

#include "core/activation.h"
#include "core/gru_description.h"
#include "core/merge.h"
#include "generator.h"
#include "native_test.h"
#include "problem.h"

namespace cudnn_gru_test {

// One GRU of a stack under test.
struct HalfSpec {
  size_t units = 4;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
  bool initial_state = false;
  bool reset_after = true;
  size_t input_dropout_masks = 0;
  bool recurrent_dropout = false;
  cudnn_gru::Activation activation = cudnn_gru::Activation::kTanh;
};

struct LayerSpec {
  std::vector<HalfSpec> halves = std::vector<HalfSpec>(1);
  cudnn_gru::Merge merge = cudnn_gru::Merge::kNone;
  bool return_sequences = true;
};

struct StackSpec {
  size_t batch = 1;
  size_t timesteps = 1;
  size_t features = 1;
  Masking masking = Masking::kNone;
  cudnn_gru::StateRounding rounding = cudnn_gru::StateRounding::kNone;
  bool bits = false;  // inputs and output, with a rounding
  std::vector<LayerSpec> layers;
};

inline size_t Pick(Generator& generator, size_t low, size_t high) {
  return low + generator.Next() % (high - low + 1);
}

inline bool Chance(Generator& generator, int one_in) {
  return generator.Next() % static_cast<uint64_t>(one_in) == 0;
}

inline HalfSpec RandomHalf(Generator& generator, size_t units, bool backwards) {
  HalfSpec half;
  half.units = units;
  half.go_backwards = backwards;
  half.zero_output_for_mask = Chance(generator, 3);
  half.initial_state = Chance(generator, 2);
  half.reset_after = !Chance(generator, 4);
  if (Chance(generator, 4)) half.input_dropout_masks = 1;
  if (Chance(generator, 6)) half.input_dropout_masks = 3;
  half.recurrent_dropout = Chance(generator, 5);
  if (Chance(generator, 8)) half.activation = cudnn_gru::Activation::kSoftmax;
  return half;
}

// A stack of up to four layers, whose units lie around the widths of vectors.
inline StackSpec RandomStack(Generator& generator, bool float32) {
  constexpr size_t kUnits[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40};
  constexpr cudnn_gru::Merge kMerges[] = {
      cudnn_gru::Merge::kConcat, cudnn_gru::Merge::kSum, cudnn_gru::Merge::kMul,
      cudnn_gru::Merge::kAve, cudnn_gru::Merge::kSeparate};
  const auto units = [&] {
    return kUnits[generator.Next() % (sizeof(kUnits) / sizeof(*kUnits))];
  };
  StackSpec spec;
  spec.batch = Pick(generator, 1, Chance(generator, 4) ? 40 : 6);
  spec.timesteps = Chance(generator, 5) ? 1 : Pick(generator, 2, 60);
  spec.features = Pick(generator, 1, 20);
  spec.masking = static_cast<Masking>(Pick(generator, 0, 2));
  if (float32 && Chance(generator, 3)) {
    spec.rounding = Chance(generator, 2) ? cudnn_gru::StateRounding::kFloat16
                                         : cudnn_gru::StateRounding::kBfloat16;
    spec.bits = Chance(generator, 2);
  }
  const size_t layers = Pick(generator, 1, 4);
  for (size_t i = 0; i < layers; ++i) {
    const bool last = i + 1 == layers;
    LayerSpec layer;
    layer.return_sequences = !last || !Chance(generator, 3);
    const bool backwards = Chance(generator, 5);
    layer.halves = {RandomHalf(generator, units(), backwards)};
    if (Chance(generator, 2)) {
      layer.merge = kMerges[Pick(generator, 0, last ? 4 : 3)];
      const bool same = cudnn_gru::IsArithmetic(layer.merge);
      layer.halves.push_back(RandomHalf(
          generator, same ? layer.halves[0].units : units(), !backwards));
    }
    spec.layers.push_back(layer);
  }
  return spec;
}

inline std::string Name(const StackSpec& spec, size_t round) {
  std::string name = Format("round %zu: %zux%zux%zu", round, spec.batch,
                            spec.timesteps, spec.features);
  for (const LayerSpec& layer : spec.layers) {
    name += Format(" [%d:", static_cast<int>(layer.merge));
    for (const HalfSpec& half : layer.halves)
      name += Format(" %zu", half.units);
    name += "]";
  }
  return name;
}

// Large enough for GruStack itself to choose several threads.
inline StackSpec LargeStack(size_t batch, size_t units, size_t layers,
                            cudnn_gru::Merge merge) {
  StackSpec spec;
  spec.batch = batch;
  spec.timesteps = 40;
  spec.features = 10;
  spec.masking = Masking::kMask;
  spec.layers.resize(layers);
  for (LayerSpec& layer : spec.layers) {
    layer.halves[0].units = units;
    layer.halves[0].initial_state = true;
    layer.halves[0].recurrent_dropout = units % 2 == 0;
    layer.merge = merge;
    if (merge == cudnn_gru::Merge::kNone) continue;
    layer.halves.push_back(layer.halves[0]);
    layer.halves[1].go_backwards = true;
    layer.halves[1].input_dropout_masks = 1;
  }
  return spec;
}

inline std::vector<StackSpec> LargeStacks() {
  std::vector<StackSpec> specs;
  for (const cudnn_gru::Merge merge :
       {cudnn_gru::Merge::kNone, cudnn_gru::Merge::kConcat,
        cudnn_gru::Merge::kSum, cudnn_gru::Merge::kMul,
        cudnn_gru::Merge::kAve}) {
    specs.push_back(LargeStack(1, 96, 2, merge));
    specs.push_back(LargeStack(3, 48, 3, merge));
    specs.push_back(LargeStack(33, 16, 2, merge));
  }
  specs.push_back(LargeStack(2, 97, 1, cudnn_gru::Merge::kSeparate));
  specs.push_back(LargeStack(2, 64, 2, cudnn_gru::Merge::kConcat));
  specs.back().layers[1].return_sequences = false;
  specs.push_back(LargeStack(2, 64, 2, cudnn_gru::Merge::kNone));
  specs.back().layers[1] =
      LargeStack(2, 64, 1, cudnn_gru::Merge::kMul).layers[0];
  specs.push_back(LargeStack(2, 64, 2, cudnn_gru::Merge::kMul));
  specs.back().layers[1] =
      LargeStack(2, 64, 1, cudnn_gru::Merge::kNone).layers[0];
  return specs;
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_STACK_SPEC_H_
